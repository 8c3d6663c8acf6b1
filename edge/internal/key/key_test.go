package key_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/edge/internal/key"
)

const procedure = "/souk.catalog.v1.ProductService/GetProduct"

func request(target string, cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

func TestSameAnswerSameKey(t *testing.T) {
	for _, c := range []struct {
		name, a, b, procedure string
		same                  bool
	}{
		{"order of a page's query", "/list?a=1&b=2", "/list?b=2&a=1", "", true},
		{"value of a page's query", "/list?a=1", "/list?a=2", "", false},
		{"path", "/a", "/b", "", false},
		{"escapes in a query", "/list?q=%61", "/list?q=a", "", true},
		{"path that looks like a query", "/list%3Fa=1", "/list?a=1", "", false},
		{"host in capitals", "http://Shop.example/", "http://shop.example/", "", true},
		{"host", "http://a.example/", "http://b.example/", "", false},
		{"base64 with and without padding", procedure + "?connect=v1&encoding=proto&base64=1&message=CgE", procedure + "?connect=v1&base64=1&encoding=proto&message=CgE%3D", procedure, true},
		{"base64 and plain", procedure + "?encoding=json&base64=1&message=e30", procedure + "?encoding=json&message=%7B%7D", procedure, true},
		{"no coding and none named", procedure + "?encoding=json&message=%7B%7D", procedure + "?encoding=json&compression=identity&message=%7B%7D", procedure, true},
		{"encoding", procedure + "?encoding=json&message=a", procedure + "?encoding=proto&message=a", procedure, false},
		{"message", procedure + "?encoding=json&message=a", procedure + "?encoding=json&message=b", procedure, false},
	} {
		a, okA := key.Of(request(c.a), c.procedure, nil)
		b, okB := key.Of(request(c.b), c.procedure, nil)
		if !okA || !okB || (a == b) != c.same {
			t.Errorf("%s: keys %q (%v) and %q (%v), want the same: %v", c.name, a, okA, b, okB, c.same)
		}
	}
}

func TestNoKey(t *testing.T) {
	for name, query := range map[string]string{
		"unknown parameter":   "connect=v1&encoding=json&message={}&x=1",
		"parameter twice":     "connect=v1&encoding=json&message=a&message=b",
		"compressed message":  "connect=v1&encoding=json&compression=gzip&message=a",
		"broken base64":       "connect=v1&encoding=json&base64=1&message=%21",
		"broken escape":       "connect=v1&encoding=json&message=%zz",
		"other version":       "connect=v2&encoding=json&message=a",
		"other encoding":      "connect=v1&encoding=xml&message=a",
		"zero in an encoding": "connect=v1&encoding=json%00a&message=b",
	} {
		r := request(procedure)
		r.URL.RawQuery = query
		if k, ok := key.Of(r, procedure, nil); ok {
			t.Errorf("%s: key %q, want none", name, k)
		}
	}
}

func TestCookiesThatPagesAreMadeFrom(t *testing.T) {
	names := []string{"theme", "money"}
	of := func(cookies ...*http.Cookie) string {
		k, ok := key.Of(request("/", cookies...), "", names)
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

// Two messages have one key only when they are the same message.
func TestMessagesKeepApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("a\x00=&jv1son")))
		draw := func(name string) (string, string) {
			message, encoding := text.Draw(t, name), rapid.SampledFrom([]string{"json", "proto"}).Draw(t, name)
			q := url.Values{"encoding": {encoding}, "message": {message}}
			if rapid.Bool().Draw(t, "base64") {
				q["base64"], q["message"] = []string{"1"}, []string{base64.RawURLEncoding.EncodeToString([]byte(message))}
			}
			k, ok := key.Of(request(procedure+"?"+q.Encode()), procedure, nil)
			if !ok || !strings.Contains(k, procedure) {
				t.Fatalf("key of %q: %q, %v", message, k, ok)
			}
			return encoding + " " + message, k
		}
		a, keyA := draw("a")
		b, keyB := draw("b")
		if (a == b) != (keyA == keyB) {
			t.Fatalf("%q and %q have keys %q and %q", a, b, keyA, keyB)
		}
	})
}
