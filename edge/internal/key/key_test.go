package key_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/edge/internal/key"
)

var method = catalogv1.File_souk_catalog_v1_product_service_proto.Services().ByName("ProductService").Methods().ByName("GetProduct")

func request(target string, cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

func TestSamePageSameKey(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		same       bool
	}{
		{"order of the query", "/list?a=1&b=2", "/list?b=2&a=1", true},
		{"value of the query", "/list?a=1", "/list?a=2", false},
		{"path", "/a", "/b", false},
		{"escapes in the query", "/list?q=%61", "/list?q=a", true},
		{"path that looks like a query", "/list%3Fa=1", "/list?a=1", false},
		{"host in capitals", "http://Shop.example/", "http://shop.example/", true},
		{"host", "http://a.example/", "http://b.example/", false},
	} {
		a, okA := key.OfPage(request(c.a), nil)
		b, okB := key.OfPage(request(c.b), nil)
		if !okA || !okB || (a == b) != c.same {
			t.Errorf("%s: keys %q (%v) and %q (%v), want the same: %v", c.name, a, okA, b, okB, c.same)
		}
	}
}

func TestSameCallSameKey(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		same       bool
	}{
		{"base64 with and without padding", "connect=v1&encoding=proto&base64=1&message=CgFh", "connect=v1&base64=1&encoding=proto&message=CgFh", true},
		{"base64 and plain", "encoding=json&base64=1&message=e30", "encoding=json&message=%7B%7D", true},
		{"no coding and none named", "encoding=json&message=%7B%7D", "encoding=json&compression=identity&message=%7B%7D", true},
		{"spaces in JSON", "encoding=json&message=%7B%22slug%22%3A%22a%22%7D", "encoding=json&message=%7B+%22slug%22+%3A+%22a%22+%7D", true},
		{"escapes in JSON", "encoding=json&message=%7B%22slug%22%3A%22a%22%7D", "encoding=json&message=%7B%22slug%22%3A%22%5Cu0061%22%7D", true},
		{"a field that nobody knows", "encoding=json&message=%7B%22slug%22%3A%22a%22%7D", "encoding=json&message=%7B%22slug%22%3A%22a%22%2C%22x%22%3A1%7D", true},
		{"encoding of the answer", "encoding=json&message=%7B%7D", "encoding=proto&message=", false},
		{"message", "encoding=json&message=%7B%22slug%22%3A%22a%22%7D", "encoding=json&message=%7B%22slug%22%3A%22b%22%7D", false},
	} {
		a, queryA, okA := key.OfCall(request("/?"+c.a), method)
		b, queryB, okB := key.OfCall(request("/?"+c.b), method)
		if !okA || !okB || (a == b) != c.same || (queryA == queryB) != c.same {
			t.Errorf("%s: keys %q (%v) and %q (%v), asked with %q and %q; want the same: %v", c.name, a, okA, b, okB, queryA, queryB, c.same)
		}
	}
}

func TestNoKey(t *testing.T) {
	var large, small bytes.Buffer
	zip := gzip.NewWriter(&large)
	zip.Write(bytes.Repeat([]byte(" "), 1<<20))
	zip.Close()
	zip = gzip.NewWriter(&small)
	zip.Write([]byte("{}"))
	zip.Close()
	for name, query := range map[string]string{
		"unknown parameter":            "connect=v1&encoding=json&message={}&x=1",
		"parameter twice":              "connect=v1&encoding=json&message={}&message={}",
		"strangely compressed":         "connect=v1&encoding=json&compression=br&message={}",
		"not compressed at all":        "connect=v1&encoding=json&compression=gzip&message={}",
		"large when it is unpacked":    "connect=v1&encoding=json&compression=gzip&base64=1&message=" + base64.RawURLEncoding.EncodeToString(large.Bytes()),
		"broken base64":                "connect=v1&encoding=json&base64=1&message=%21",
		"broken escape":                "connect=v1&encoding=json&message=%zz",
		"other version":                "connect=v2&encoding=json&message={}",
		"other encoding":               "connect=v1&encoding=xml&message={}",
		"zero in an encoding":          "connect=v1&encoding=json%00a&message={}",
		"broken JSON":                  "connect=v1&encoding=json&message={",
		"a message of another kind":    "connect=v1&encoding=json&message={\"slug\":{}}",
		"broken bytes":                 "connect=v1&encoding=proto&message=%ff",
		"a name that is no valid text": "connect=v1&encoding=proto&base64=1&message=CgH_",
	} {
		r := request("/")
		r.URL.RawQuery = query
		if k, _, ok := key.OfCall(r, method); ok {
			t.Errorf("%s: key %q, want none", name, k)
		}
	}
	r := request("/")
	r.URL.RawQuery = "encoding=json&compression=gzip&base64=1&message=" + base64.RawURLEncoding.EncodeToString(small.Bytes())
	if _, _, ok := key.OfCall(r, method); !ok {
		t.Error("a compressed message has no key")
	}
}

func TestCookiesThatPagesAreMadeFrom(t *testing.T) {
	names := []string{"theme", "money"}
	of := func(cookies ...*http.Cookie) string {
		k, ok := key.OfPage(request("/", cookies...), names)
		if !ok {
			t.Fatal("no key")
		}
		return k
	}
	dark := &http.Cookie{Name: "theme", Value: "dark"}
	if of(dark) == of() {
		t.Error("a page made from a cookie has the key of the page without it")
	}
	if of(dark, &http.Cookie{Name: "session", Value: "x"}) != of(dark) {
		t.Error("a cookie that pages are not made from is in the key")
	}
	if of(&http.Cookie{Name: "money", Value: "dark"}) == of(dark) {
		t.Error("two cookies with one value have one key")
	}
}

// Two messages have one key exactly when they are the same message, however they are
// written; and what the part is asked is that message.
func TestMessagesKeepApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("a\x00=&jv1sé")))
		draw := func(name string) (string, string) {
			message := &catalogv1.GetProductRequest{Slug: text.Draw(t, name), Id: text.Draw(t, name)}
			encoding := rapid.SampledFrom([]string{"json", "proto"}).Draw(t, name)
			sent, err := proto.Marshal(message)
			if encoding == "json" {
				sent, err = protojson.MarshalOptions{Multiline: rapid.Bool().Draw(t, "lines"), UseProtoNames: rapid.Bool().Draw(t, "names")}.Marshal(message)
			}
			if err != nil {
				t.Fatal(err)
			}
			q := url.Values{"encoding": {encoding}}
			if rapid.Bool().Draw(t, "gzip") {
				var b bytes.Buffer
				zip := gzip.NewWriter(&b)
				zip.Write(sent)
				zip.Close()
				q["compression"], sent = []string{"gzip"}, b.Bytes()
			}
			if q["message"] = []string{string(sent)}; rapid.Bool().Draw(t, "base64") {
				q["base64"], q["message"] = []string{"1"}, []string{base64.RawURLEncoding.EncodeToString(sent)}
			}
			k, query, ok := key.OfCall(request("/?"+q.Encode()), method)
			if !ok {
				t.Fatalf("no key of %v", q)
			}
			again, _, ok := key.OfCall(request("/?"+query), method)
			if !ok || again != k {
				t.Fatalf("the part is asked with %q, which has the key %q, not %q", query, again, k)
			}
			return encoding + " " + message.String(), k
		}
		a, keyA := draw("a")
		b, keyB := draw("b")
		if (a == b) != (keyA == keyB) {
			t.Fatalf("%q and %q have keys %q and %q", a, b, keyA, keyB)
		}
	})
}
