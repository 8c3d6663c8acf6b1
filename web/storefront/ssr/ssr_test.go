//go:build !wasm

package ssr_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func get(t *testing.T, client *http.Client, address string) (*http.Response, string) {
	t.Helper()
	response, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestPages(t *testing.T) {
	server := storefront(t, newFake())
	cases := []struct {
		path   string
		status int
		has    []string
	}{
		{"/", 200, []string{"<title>Souk: good things for every day</title>", "Lamp a", `href="/c/light"`}},
		{"/c/light", 200, []string{"<h1>Light</h1>", "48 products", "BreadcrumbList"}},
		{"/c/none", 404, []string{"There is nothing here"}},
		{"/search?q=lamp", 200, []string{"<h1>“lamp”</h1>", `href="/search?page=2&amp;q=lamp"`}},
		{"/p/a", 200, []string{"<h1>Lamp a</h1>", "$49.00", "Only 3 left", `"@type":"Product"`, `property="og:type" content="product"`, `action="/cart/add"`, `rel="canonical" href="` + server.URL + `/p/a"`}},
		{"/p/gone", 404, []string{"There is nothing here"}},
		{"/nowhere", 404, []string{"There is nothing here"}},
		{"/cart", 200, []string{"Your cart is empty"}},
		{"/signin", 200, []string{`action="/signin"`}},
		{"/register", 200, []string{`action="/register"`}},
		{"/offline", 200, []string{"You are offline"}},
		{"/gallery", 200, []string{"Pagination"}},
	}
	for _, c := range cases {
		t.Run(c.path, func(t *testing.T) {
			response, body := get(t, server.Client(), server.URL+c.path)
			if response.StatusCode != c.status {
				t.Errorf("status = %d, want %d", response.StatusCode, c.status)
			}
			for _, want := range c.has {
				if !strings.Contains(body, want) {
					t.Errorf("page lacks %q:\n%s", want, body)
				}
			}
		})
	}
}

func TestPublicPagesAreCacheable(t *testing.T) {
	server := storefront(t, newFake())
	response, first := get(t, server.Client(), server.URL+"/p/a")
	if control := response.Header.Get("Cache-Control"); !strings.HasPrefix(control, "public, max-age=0, s-maxage=") {
		t.Errorf("Cache-Control = %q, want a public one", control)
	}
	if keys := response.Header.Get("Surrogate-Key"); keys != "product/id-a categories sku/a-R sku/a-B" {
		t.Errorf("Surrogate-Key = %q", keys)
	}
	if spaced, _ := get(t, server.Client(), server.URL+"/p/a%20b"); spaced.Header.Get("Surrogate-Key") != "product/id-a%20b categories sku/a%20b-R sku/a%20b-B" {
		t.Errorf("Surrogate-Key of SKUs with spaces = %q", spaced.Header.Get("Surrogate-Key"))
	}
	request, _ := http.NewRequest("GET", server.URL+"/p/a", nil)
	request.Header.Set("Cookie", "souk_at=token-shopper; souk_rt=refresh-shopper")
	request.Header.Set("Authorization", "Bearer token-shopper")
	again, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Body.Close()
	second, _ := io.ReadAll(again.Body)
	if string(second) != first {
		t.Error("the page differs for a shopper who is signed in")
	}
	request.Header.Set("If-None-Match", "W/"+response.Header.Get("ETag"))
	unchanged, err := server.Client().Do(request)
	if err != nil || unchanged.StatusCode != http.StatusNotModified {
		t.Errorf("asking with the ETag = %v, %v, want 304", unchanged.Status, err)
	}
}

func TestOldLinksLeadToTheProduct(t *testing.T) {
	server := storefront(t, newFake())
	client := *server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, _ := get(t, &client, server.URL+"/p/former?variant=a-B")
	if to := response.Header.Get("Location"); response.StatusCode != http.StatusMovedPermanently || to != "/p/a?variant=a-B" {
		t.Errorf("an old link: %d to %q; want 301 to /p/a?variant=a-B", response.StatusCode, to)
	}
}

func TestPrivatePagesAreNotKept(t *testing.T) {
	server := storefront(t, newFake())
	for _, path := range []string{"/cart", "/signin", "/orders"} {
		response, _ := get(t, server.Client(), server.URL+path)
		if control := response.Header.Get("Cache-Control"); control != "private, no-store" {
			t.Errorf("%s: Cache-Control = %q, want private, no-store", path, control)
		}
	}
}

// TestBuyWithoutJavaScript follows the forms as a browser without scripts does.
func TestBuyWithoutJavaScript(t *testing.T) {
	shop := newFake()
	server := storefront(t, shop)
	client := server.Client()
	client.Jar, _ = cookiejar.New(nil)

	post := func(path string, form url.Values) string {
		response, err := client.PostForm(server.URL+path, form)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return string(body)
	}
	if body := post("/cart/add", url.Values{"sku": {"a-R"}, "quantity": {"2"}}); !strings.Contains(body, "$98.00") {
		t.Errorf("after adding two, the cart is\n%s", body)
	}
	if shop.calls["/souk.account.v1.SessionService/EnsureSession"] != 1 {
		t.Errorf("began %d sessions, want 1", shop.calls["/souk.account.v1.SessionService/EnsureSession"])
	}
	if body := post("/cart/add", url.Values{"sku": {"a-R"}, "quantity": {"2"}}); !strings.Contains(body, "Only 3 are left") {
		t.Errorf("after adding too many, the cart is\n%s", body)
	}
	if body := post("/cart/set", url.Values{"sku": {"a-R"}, "quantity": {"1"}}); !strings.Contains(body, "$49.00") {
		t.Errorf("after setting one, the cart is\n%s", body)
	}
	if body := post("/cart/remove", url.Values{"sku": {"a-R"}}); !strings.Contains(body, "Your cart is empty") {
		t.Errorf("after removing, the cart is\n%s", body)
	}
	if body := post("/signin", url.Values{"email": {"ada@example.com"}, "password": {"wrong"}}); !strings.Contains(body, "E-mail or password is wrong") {
		t.Errorf("after a wrong password:\n%s", body)
	}
	if body := post("/signin", url.Values{"email": {"ada@example.com"}, "password": {"right password"}}); !strings.Contains(body, "Hello, Ada") {
		t.Errorf("after signing in:\n%s", body)
	}
}

func TestFormsOfStrangersAreRefused(t *testing.T) {
	server := storefront(t, newFake())
	request, _ := http.NewRequest("POST", server.URL+"/cart/add", strings.NewReader("sku=a-R"))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", "https://evil.example")
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	response, err := server.Client().Do(request)
	if err != nil || response.StatusCode != http.StatusForbidden {
		t.Errorf("answer = %v, %v, want 403", response.Status, err)
	}
}

// TestOrdersWithoutJavaScript finds an order and its invoice, and changes the order,
// as a browser without scripts does.
func TestOrdersWithoutJavaScript(t *testing.T) {
	shop := newFake()
	server := storefront(t, shop)
	client := server.Client()
	client.Jar, _ = cookiejar.New(nil)
	const page = "/orders/7KQ2-M9XD"
	for _, step := range []struct {
		path string
		form url.Values
		// Where it leads, and what is there.
		to, want string
	}{
		{"/orders/find", url.Values{"number": {"7KQ2-M9XD"}, "email": {"eve@example.com"}}, "/orders/find", "There is no such order."},
		{"/orders/find", url.Values{"number": {"7KQ2-M9XD"}, "email": {"eve@example.com"}}, "/orders/find", `value="eve@example.com"`},
		{"/orders/find", url.Values{"number": {"7KQ2-M9XD"}, "email": {"ada@example.com"}}, page, "What happened"},
		{page + "/lines", url.Values{"id": {"o1"}, "units-1": {"0"}}, page + "/lines", "Choose how many of which items."},
		{page + "/lines", url.Values{"id": {"o1"}, "units-1": {"1"}}, page, "What happened"},
		{page + "/return", url.Values{"id": {"o1"}}, page + "/return", "Choose how many of which items."},
		{page + "/return", url.Values{"id": {"o1"}, "units-1": {"1"}}, page, "What happened"},
		{page + "/return/cancel", url.Values{"id": {"o1"}, "return": {"r1"}}, page, "What happened"},
	} {
		response, err := client.PostForm(server.URL+step.path, step.form)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if to := response.Request.URL.Path; to != step.to || !strings.Contains(string(body), step.want) {
			t.Errorf("%s with %v leads to %s, want %s with %q in\n%s", step.path, step.form, to, step.to, step.want, body)
		}
	}
	for procedure, want := range map[string]int{"CancelLines": 1, "RequestReturn": 1, "CancelReturn": 1} {
		if n := shop.calls["/souk.order.v1.OrderService/"+procedure]; n != want {
			t.Errorf("%s was called %d times, want %d", procedure, n, want)
		}
	}
	response, body := get(t, client, server.URL+page+"/invoice.pdf")
	header := response.Header
	if body != "%PDF-1.3" || header.Get("Content-Type") != "application/pdf" || header.Get("Cache-Control") != "private, no-store" || header.Get("Content-Disposition") != `inline; filename="invoice-\"7KQ2.pdf"` {
		t.Errorf("the invoice is %q with %v", body, header)
	}
}

// everyPage are pages that show what strangers wrote.
var everyPage = []string{"/", "/c/light", "/search?q=%s&f.brand=%s&sort=%s&min=%s", "/p/a", "/p/a?variant=%s", "/cart", "/checkout", "/orders", "/orders/7KQ2-M9XD", "/orders/find?number=%s", "/checkout/thanks/7KQ2-M9XD", "/account", "/signin?next=%s", "/register?next=%s", "/checkout/return/x", "/nowhere/%s"}

// TestHostileText makes every text of every page hostile and compares the page's
// elements and attributes with those of the same page with harmless texts.
func TestHostileText(t *testing.T) {
	hostile := []string{
		`"><script>alert(1)</script>`, `'><img src=x onerror=alert(1)>`, `</script><script>alert(1)</script>`, `<!--`, `--><svg onload=alert(1)>`,
		`javascript:alert(1)`, `</title><h1>`, `</textarea><b>`, `{{.}}`, "\u2028</script>", `" onmouseover="alert(1)`, `&quot;><i>`, "`onclick=x`",
	}
	for _, path := range everyPage {
		t.Run(path, func(t *testing.T) {
			harmless := skeleton(t, path, "word")
			for _, text := range hostile {
				if got := skeleton(t, path, text); got != harmless {
					t.Errorf("with %q the page is\n%s\nwant\n%s", text, got, harmless)
				}
			}
		})
	}
}

// skeleton returns the elements and attribute names of a page whose texts are all
// text.
func skeleton(t *testing.T, path, text string) string {
	t.Helper()
	shop := newFake()
	shop.say = func(string) string { return text }
	shop.cart = map[string]int32{"a-R": 1}
	server := storefront(t, shop)
	defer server.Close()
	request, err := http.NewRequest("GET", server.URL+strings.ReplaceAll(path, "%s", strings.ReplaceAll(url.QueryEscape(text), "+", "%20")), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer token")
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	document, err := html.Parse(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	walk(t, &b, document)
	return b.String()
}

func walk(t *testing.T, b *strings.Builder, node *html.Node) {
	switch node.Type {
	case html.ElementNode:
		b.WriteString("<" + node.Data)
		for _, a := range node.Attr {
			b.WriteString(" " + a.Key)
			if strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") && (a.Key == "href" || a.Key == "src" || a.Key == "action") {
				t.Errorf("%s leads to %q", a.Key, a.Val)
			}
		}
		b.WriteString(">\n")
		if node.Data == "script" && node.FirstChild != nil && !json.Valid([]byte(node.FirstChild.Data)) {
			t.Errorf("script holds %q, want JSON", node.FirstChild.Data)
		}
	case html.CommentNode:
		b.WriteString("<!-- -->\n")
	}
	for child := node.FirstChild; child != nil; child = child.NextSibling {
		walk(t, b, child)
	}
}

// TestSessionIsRenewed opens the cart with a session whose access token has run out.
func TestSessionIsRenewed(t *testing.T) {
	shop := newFake()
	shop.cart = map[string]int32{"a-R": 1}
	server := storefront(t, shop)
	request, _ := http.NewRequest("GET", server.URL+"/cart", nil)
	request.Header.Set("Cookie", "souk_rt=refresh-guest")
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if !strings.Contains(string(body), "$49.00") {
		t.Errorf("the cart is\n%s", body)
	}
	if got := strings.Join(response.Header.Values("Set-Cookie"), "\n"); !strings.Contains(got, "souk_at=token-guest") || !strings.Contains(got, "souk_rt=") {
		t.Errorf("Set-Cookie = %q, want the new tokens", got)
	}
}

func TestLookingBeginsNoSession(t *testing.T) {
	shop := newFake()
	server := storefront(t, shop)
	for _, path := range []string{"/", "/cart", "/orders", "/p/a"} {
		get(t, server.Client(), server.URL+path)
	}
	if n := shop.calls["/souk.account.v1.SessionService/EnsureSession"]; n != 0 {
		t.Errorf("looking around began %d sessions", n)
	}
}

func TestAssetsAreImmutable(t *testing.T) {
	server := storefront(t, newFake())
	_, body := get(t, server.Client(), server.URL+"/")
	_, rest, _ := strings.Cut(body, `rel="stylesheet" href="`)
	address, _, _ := strings.Cut(rest, `"`)
	request, _ := http.NewRequest("GET", server.URL+address, nil)
	request.Header.Set("Accept-Encoding", "gzip, br")
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	header := response.Header
	if header.Get("Cache-Control") != "public, max-age=31536000, immutable" || header.Get("Content-Encoding") != "br" || !strings.HasPrefix(header.Get("Content-Type"), "text/css") {
		t.Errorf("%s is served with %v", address, header)
	}
}
