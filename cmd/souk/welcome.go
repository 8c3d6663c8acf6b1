package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/token"
	"github.com/souk-commerce/souk/services/catalog/demo"
)

// mediaDir is the folder of pictures.
const mediaDir = "media"

// pictures puts the demo's pictures into the folder; those that are there stay.
func (d *dev) pictures() error {
	dir := d.dir.in(mediaDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return unwritable(d.dir.path, err)
	}
	if !d.Demo {
		return nil
	}
	from := demo.Pictures()
	names, err := fs.ReadDir(from, ".")
	if err != nil {
		return err
	}
	for _, n := range names {
		to := filepath.Join(dir, n.Name())
		if _, err := os.Stat(to); err == nil {
			continue
		}
		if err := copyTo(to, from, n.Name()); err != nil {
			return unwritable(d.dir.path, err)
		}
	}
	return nil
}

func copyTo(to string, from fs.FS, name string) error {
	src, err := from.Open(name)
	if err != nil {
		return err
	}
	defer src.Close()
	half := to + ".new"
	dst, err := os.Create(half)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	if err = errors.Join(err, dst.Close()); err != nil {
		return err
	}
	return os.Rename(half, to)
}

// welcome tells of each part when it is ready, fills a new shop, and says where
// everything is.
func (d *dev) welcome(ctx context.Context) error {
	for _, name := range append(roomNames(), "web") {
		if err := waitReady(ctx, "http://"+d.addresses[name]); err != nil {
			return nil // told to stop meanwhile
		}
		d.say(name, "http://"+d.addresses[name])
	}
	if err := d.account.EnsureShopper(ctx, demoEmail, demoPassword, "Demo Shopper"); err != nil && ctx.Err() == nil {
		return fmt.Errorf("demo sign-in: %w", err)
	}
	if d.Demo {
		if err := d.fill(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	if err := waitReady(ctx, d.shopURL()); err != nil {
		return nil
	}
	d.say("edge", d.shopURL())
	fmt.Fprintf(d.out, `
Souk is open after %s.

  Shop      %s
  Mails     %s/mail/
  Gallery   %s/gallery
  Sign in   %s  %s
  Staff     %s  (password in %s)
  Cards     4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined,
            4000 0000 0000 3220 asks for 3-D Secure; any date to come, any code

Press Ctrl-C to close.
`, time.Since(d.began).Round(100*time.Millisecond), d.shopURL(), d.ownURL(), d.shopURL(), demoEmail, demoPassword, adminEmail, d.dir.in(filepath.Join(keysDir, "admin-password")))
	d.storm.Still(false)
	<-ctx.Done()
	return nil
}

// fill loads the demo catalog into a shop that does not have it.
func (d *dev) fill(ctx context.Context) error {
	signed, err := d.platform.signer.Sign(token.Claims{Subject: "demo", Role: string(rpc.Admin)}, 10*time.Minute)
	if err != nil {
		return err
	}
	staff := bearer(signed)
	at := func(name string) string { return "http://" + d.addresses[name] }
	clients := demo.Clients{
		Categories:  catalogv1connect.NewCategoryServiceClient(staff, at("catalog")),
		Brands:      catalogv1connect.NewBrandServiceClient(staff, at("catalog")),
		Collections: catalogv1connect.NewCollectionServiceClient(staff, at("catalog")),
		Products:    catalogv1connect.NewProductAdminServiceClient(staff, at("catalog")),
		Stock:       inventoryv1connect.NewStockAdminServiceClient(staff, at("inventory")),
	}
	done := d.dir.in("demo-loaded")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	if err := demo.Load(ctx, clients); err != nil {
		return err
	}
	d.say("demo catalog", "")
	return os.WriteFile(done, nil, 0o644)
}

// bearer is a client whose calls carry a token.
type bearer string

// Do implements connect.HTTPClient.
func (b bearer) Do(req *http.Request) (*http.Response, error) {
	req.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultClient.Do(req)
}

// waitReady returns when a part says that it is ready, or ctx ends.
func waitReady(ctx context.Context, base string) error {
	ticker := time.NewTicker(25 * time.Millisecond)
	defer ticker.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
