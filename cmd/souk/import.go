package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"

	accountv1 "github.com/souk-commerce/souk/api/gen/souk/account/v1"
	"github.com/souk-commerce/souk/api/gen/souk/account/v1/accountv1connect"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/config"
	"github.com/souk-commerce/souk/kit/token"
	"github.com/souk-commerce/souk/services/catalog/importer"
)

type importCmd struct {
	Data     string `arg:"" help:"A .csv, .tsv or .jsonl file, gzipped or not." type:"existingfile"`
	Mapping  string `required:"" help:"Which columns make products: a YAML file, or a built-in mapping (shopify)."`
	Rejects  string `help:"Where rows go that could not be taken; the data's name with .rejects.csv (or .jsonl) when empty." type:"path"`
	Currency string `help:"Of prices that name none." default:"USD"`
	Location string `help:"Where stock goes when the mapping names no location."`
	adminConfig
}

// adminConfig is how a command reaches a running shop as an administrator.
type adminConfig struct {
	Shop     string        `help:"The running shop." default:"http://127.0.0.1:8080" env:"SOUK_SHOP"`
	Email    string        `help:"Sign in as this administrator." env:"SOUK_ADMIN_EMAIL"`
	Password config.Secret `help:"The administrator's password; @file reads it from a file." env:"SOUK_ADMIN_PASSWORD"`
	DataDir  string        `help:"Without an administrator, the keys of the shop that souk dev runs from here are used." default:".souk" env:"SOUK_DATA_DIR"`
}

// Run imports a file into a running shop.
func (c *importCmd) Run(ctx context.Context) error {
	client, base, err := c.client("import")
	if err != nil {
		return err
	}
	summary, err := importer.Run(ctx, importer.Options{
		Mapping: c.Mapping, Data: c.Data, Rejects: c.Rejects, Currency: c.Currency, Location: c.Location, Progress: os.Stderr,
		Products: catalogv1connect.NewProductAdminServiceClient(client, base),
		Stock:    inventoryv1connect.NewStockAdminServiceClient(client, base),
	})
	if err == nil || summary.Rows > 0 {
		fmt.Print(summary)
	}
	return explainShop(err, base)
}

func explainShop(err error, shop string) error {
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "dial":
		return fmt.Errorf("no shop answers at %s; start one with souk dev, or name it with --shop", shop)
	case connect.CodeOf(err) == connect.CodeUnauthenticated || connect.CodeOf(err) == connect.CodePermissionDenied:
		return fmt.Errorf("the shop does not let us in: name an administrator with --email and --password (%w)", err)
	}
	return err
}

// client is known to the shop as an administrator; actor is who it is where no
// administrator is named. Base is the shop's address.
func (c *adminConfig) client(actor string) (client connect.HTTPClient, base string, err error) {
	shop, err := url.Parse(c.Shop)
	if err != nil || shop.Host == "" {
		return nil, "", fmt.Errorf("--shop %q: want the shop's address, such as http://127.0.0.1:8080", c.Shop)
	}
	base = strings.TrimSuffix(c.Shop, "/")
	a := &admin{client: http.DefaultClient}
	if c.Email != "" {
		session := accountv1connect.NewSessionServiceClient(a.client, base)
		a.mint = func(ctx context.Context) (string, error) { return signIn(ctx, session, c.Email, c.Password.Reveal()) }
		return a, base, nil
	}
	seed, err := os.ReadFile(filepath.Join(c.DataDir, keysDir, "service"))
	if err != nil {
		return nil, "", fmt.Errorf("name an administrator with --email and --password, or with --data-dir the shop that runs here (%w)", err)
	}
	signer, err := token.NewSigner(serviceIssuer, strings.TrimSpace(string(seed)), clock.System)
	if err != nil {
		return nil, "", err
	}
	a.mint = func(context.Context) (string, error) {
		return signer.Sign(token.Claims{Subject: actor, Role: "admin"}, 2*adminRenew)
	}
	return a, base, nil
}

// admin adds an administrator's token to calls, and gets a new one in time.
type admin struct {
	client *http.Client
	mint   func(context.Context) (string, error)

	mu    sync.Mutex
	token string
	until time.Time
}

const adminRenew = 5 * time.Minute

// Do implements connect.HTTPClient.
func (a *admin) Do(req *http.Request) (*http.Response, error) {
	raw, err := a.current(req.Context())
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+raw)
	return a.client.Do(req)
}

func (a *admin) current(ctx context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Now().Before(a.until) {
		return a.token, nil
	}
	raw, err := a.mint(ctx)
	if err != nil {
		return "", err
	}
	a.token, a.until = raw, time.Now().Add(adminRenew)
	return raw, nil
}

// signIn returns the access token that a browser would keep as a cookie.
func signIn(ctx context.Context, session accountv1connect.SessionServiceClient, email, password string) (string, error) {
	ctx, info := connect.NewClientContext(ctx)
	if _, err := session.SignIn(ctx, &accountv1.SignInRequest{Email: email, Password: password}); err != nil {
		return "", fmt.Errorf("sign in as %s: %w", email, err)
	}
	resp := http.Response{Header: info.ResponseHeader()}
	for _, cookie := range resp.Cookies() {
		if cookie.Name == "souk_at" {
			return cookie.Value, nil
		}
	}
	return "", errors.New("the shop gave no token")
}
