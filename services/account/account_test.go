package account_test

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	accountv1 "github.com/souk-commerce/souk/api/gen/souk/account/v1"
	"github.com/souk-commerce/souk/api/gen/souk/account/v1/accountv1connect"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/config"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/token"
	"github.com/souk-commerce/souk/services/account"
)

func TestMain(m *testing.M) { kittest.Main(m) }

// shop is the service with a verifier that believes its tokens, as the others do.
type shop struct {
	served *kittest.Served
	clock  *clock.Fake
	verify *token.Verifier
}

func open(t *testing.T) shop {
	t.Helper()
	now := clock.NewFake(time.Now())
	seed := token.NewSeed()
	signer, err := token.NewSigner(account.Issuer, seed, now)
	if err != nil {
		t.Fatal(err)
	}
	verifier := token.NewVerifier(now, token.Issuer{Name: account.Issuer, Roles: []string{"guest", "shopper", "admin"}, Static: signer.Keys()})
	svc, err := account.Open(t.Context(), account.Config{Key: config.NewSecret(seed), AdminEmail: "staff@example.com", AdminPassword: config.NewSecret("correct horse")}, account.Deps{
		DB: kittest.DB(t, account.Migrations()), Bus: kittest.Bus(t), RPC: rpc.Deps{Service: "account", Verifier: verifier, Log: kittest.Log(t)}, Clock: now, Log: kittest.Log(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	return shop{kittest.Serve(t, svc.Handlers()), now, verifier}
}

// browser keeps cookies, and sends the access cookie as the edge would.
type browser struct {
	client  *http.Client
	url     *url.URL
	session accountv1connect.SessionServiceClient
	account accountv1connect.AccountServiceClient
}

func (b *browser) Do(req *http.Request) (*http.Response, error) {
	if at := b.cookie("souk_at"); at != "" {
		req.Header.Set("Authorization", "Bearer "+at)
	}
	return b.client.Do(req)
}

func (b *browser) cookie(name string) string {
	for _, c := range b.client.Jar.Cookies(b.url) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (b *browser) set(name, value string) {
	b.client.Jar.SetCookies(b.url, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

func (s shop) browser(t *testing.T) *browser {
	jar, _ := cookiejar.New(nil)
	u, _ := url.Parse(s.served.URL)
	b := &browser{client: &http.Client{Jar: jar}, url: u}
	b.session = accountv1connect.NewSessionServiceClient(b, s.served.URL)
	b.account = accountv1connect.NewAccountServiceClient(b, s.served.URL)
	return b
}

func code(err error) connect.Code {
	if err == nil {
		return 0
	}
	return connect.CodeOf(err)
}

func TestAShopperComesGoesAndComesBack(t *testing.T) {
	s := open(t)
	b := s.browser(t)
	ctx := t.Context()
	guest, err := b.session.EnsureSession(ctx, &accountv1.EnsureSessionRequest{})
	if err != nil || guest.GetSession().GetRole() != "guest" {
		t.Fatalf("EnsureSession = %v, %v; want a guest", guest, err)
	}
	again, err := b.session.EnsureSession(ctx, &accountv1.EnsureSessionRequest{})
	if err != nil || again.GetSession().GetSubject() != guest.GetSession().GetSubject() {
		t.Fatalf("EnsureSession again = %v, %v; want the same guest", again, err)
	}
	reg, err := b.account.Register(ctx, &accountv1.RegisterRequest{Email: " Ada@Example.com", Password: "difference engine", Name: "Ada"})
	if code(err) != connect.CodeInvalidArgument {
		t.Errorf("Register with a space before the address = %v, %v; want invalid_argument", reg, err)
	}
	reg, err = b.account.Register(ctx, &accountv1.RegisterRequest{Email: "Ada@Example.com", Password: "difference engine", Name: "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	claims, err := s.verify.Verify(ctx, b.cookie("souk_at"))
	if err != nil || claims.Role != "shopper" || claims.Guest != guest.GetSession().GetSubject() {
		t.Errorf("token after registering = %+v, %v; want a shopper who was guest %s", claims, err, guest.GetSession().GetSubject())
	}
	if reg.GetSession().GetAccessToken() != "" {
		t.Error("a token is in the body though nobody asked for it")
	}
	if _, err := b.session.SignOut(ctx, &accountv1.SignOutRequest{}); err != nil {
		t.Fatal(err)
	}
	if b.cookie("souk_at") != "" || b.cookie("souk_rt") != "" {
		t.Error("cookies are left after signing out")
	}
	for _, c := range []struct {
		name, email, password string
		want                  connect.Code
	}{
		{"refuses a wrong password", "ada@example.com", "analytical engine", connect.CodeUnauthenticated},
		{"refuses an unknown address", "bob@example.com", "difference engine", connect.CodeUnauthenticated},
		{"takes the address in any case", "ADA@example.COM", "difference engine", 0},
	} {
		if _, err := b.session.SignIn(ctx, &accountv1.SignInRequest{Email: c.email, Password: c.password}); code(err) != c.want {
			t.Errorf("SignIn %s: %v; want %v", c.name, err, c.want)
		}
	}
	p, err := b.account.GetProfile(ctx, &accountv1.GetProfileRequest{})
	if err != nil || p.GetProfile().GetEmail() != "ada@example.com" || p.GetProfile().GetName() != "Ada" {
		t.Errorf("GetProfile = %v, %v", p, err)
	}
	if _, err := s.browser(t).account.Register(ctx, &accountv1.RegisterRequest{Email: "ADA@example.com", Password: "another password", Name: "Eve"}); code(err) != connect.CodeAlreadyExists {
		t.Errorf("Register a taken address = %v; want already_exists", err)
	}
}

func TestARefreshTokenIsGoodOnce(t *testing.T) {
	s := open(t)
	b := s.browser(t)
	ctx := t.Context()
	if _, err := b.session.EnsureSession(ctx, &accountv1.EnsureSessionRequest{}); err != nil {
		t.Fatal(err)
	}
	first := b.cookie("souk_rt")
	if _, err := b.session.Refresh(ctx, &accountv1.RefreshRequest{}); err != nil {
		t.Fatal(err)
	}
	second := b.cookie("souk_rt")
	if first == second {
		t.Fatal("the token was not swapped")
	}
	if _, err := b.session.Refresh(ctx, &accountv1.RefreshRequest{RefreshToken: first}); err != nil {
		t.Errorf("another tab, a moment later: %v; want it to go on", err)
	}
	s.clock.Advance(time.Minute)
	if _, err := b.session.Refresh(ctx, &accountv1.RefreshRequest{RefreshToken: first}); code(err) != connect.CodeUnauthenticated {
		t.Errorf("the old token a minute later: %v; want unauthenticated", err)
	}
	b.set("souk_rt", second)
	if _, err := b.session.Refresh(ctx, &accountv1.RefreshRequest{}); code(err) != connect.CodeUnauthenticated {
		t.Errorf("the good token after the theft: %v; want the session ended", err)
	}
	for _, rubbish := range []string{"x", "x.y", strings.Repeat("a", 400), "00000000-0000-0000-0000-000000000000.x"} {
		if _, err := b.session.Refresh(ctx, &accountv1.RefreshRequest{RefreshToken: rubbish}); code(err) != connect.CodeUnauthenticated {
			t.Errorf("Refresh(%.20q) = %v; want unauthenticated", rubbish, err)
		}
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	s := open(t)
	b := s.browser(t)
	var last error
	for range 12 {
		_, last = b.session.SignIn(t.Context(), &accountv1.SignInRequest{Email: "staff@example.com", Password: "guess"})
	}
	if code(last) != connect.CodeResourceExhausted {
		t.Errorf("the twelfth guess: %v; want resource_exhausted", last)
	}
	s.clock.Advance(15 * time.Minute)
	if _, err := b.session.SignIn(t.Context(), &accountv1.SignInRequest{Email: "staff@example.com", Password: "correct horse"}); err != nil {
		t.Errorf("the right one a while later: %v", err)
	}
}

func TestChangingThePasswordEndsOtherSessions(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	here, there := s.browser(t), s.browser(t)
	for _, b := range []*browser{here, there} {
		if _, err := b.session.SignIn(ctx, &accountv1.SignInRequest{Email: "staff@example.com", Password: "correct horse"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := here.account.ChangePassword(ctx, &accountv1.ChangePasswordRequest{OldPassword: "wrong", NewPassword: "battery staple"}); code(err) != connect.CodeFailedPrecondition {
		t.Errorf("with a wrong old password: %v", err)
	}
	if _, err := here.account.ChangePassword(ctx, &accountv1.ChangePasswordRequest{OldPassword: "correct horse", NewPassword: "battery staple"}); err != nil {
		t.Fatal(err)
	}
	if _, err := here.session.Refresh(ctx, &accountv1.RefreshRequest{}); err != nil {
		t.Errorf("here: %v", err)
	}
	if _, err := there.session.Refresh(ctx, &accountv1.RefreshRequest{}); code(err) != connect.CodeUnauthenticated {
		t.Errorf("there: %v; want unauthenticated", err)
	}
}

func TestAddressBook(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	ada, eve := s.browser(t), s.browser(t)
	for b, email := range map[*browser]string{ada: "ada@example.com", eve: "eve@example.com"} {
		if _, err := b.account.Register(ctx, &accountv1.RegisterRequest{Email: email, Password: "long enough", Name: "N"}); err != nil {
			t.Fatal(err)
		}
	}
	save := func(b *browser, id, city string, def bool) (*accountv1.SavedAddress, error) {
		resp, err := b.account.SaveAddress(ctx, &accountv1.SaveAddressRequest{Address: &accountv1.SavedAddress{Id: id, IsDefault: def, Address: &typev1.Address{Name: "N", Line1: "1 Road", City: city, CountryCode: "GB"}}})
		return resp.GetAddress(), err
	}
	first, err := save(ada, "", "London", false)
	if err != nil || !first.GetIsDefault() {
		t.Fatalf("the first address = %v, %v; want the default", first, err)
	}
	second, err := save(ada, "", "Paris", true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := save(eve, first.GetId(), "Rome", false); code(err) != connect.CodeNotFound {
		t.Errorf("another's address: %v; want not_found", err)
	}
	if _, err := eve.account.DeleteAddress(ctx, &accountv1.DeleteAddressRequest{Id: first.GetId()}); code(err) != connect.CodeNotFound {
		t.Errorf("delete another's address: %v; want not_found", err)
	}
	list, err := ada.account.ListAddresses(ctx, &accountv1.ListAddressesRequest{})
	if err != nil || len(list.GetAddresses()) != 2 || list.GetAddresses()[0].GetId() != second.GetId() || list.GetAddresses()[1].GetIsDefault() {
		t.Errorf("ListAddresses = %v, %v; want Paris as the only default first", list, err)
	}
	if _, err := save(ada, "", "", false); code(err) != connect.CodeInvalidArgument {
		t.Errorf("an address without a city: %v; want invalid_argument", err)
	}
}

func TestNobodyIsRefusedWithoutAReason(t *testing.T) {
	s := open(t)
	client := accountv1connect.NewAccountServiceClient(http.DefaultClient, s.served.URL)
	if _, err := client.GetProfile(context.Background(), &accountv1.GetProfileRequest{}); code(err) != connect.CodeUnauthenticated {
		t.Errorf("without a token: %v; want unauthenticated", err)
	}
	guest := s.browser(t)
	if _, err := guest.session.EnsureSession(t.Context(), &accountv1.EnsureSessionRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := guest.account.GetProfile(t.Context(), &accountv1.GetProfileRequest{}); code(err) != connect.CodePermissionDenied {
		t.Errorf("as a guest: %v; want permission_denied", err)
	}
}
