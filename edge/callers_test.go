package edge_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
)

// Whoever asks for whatever at the same time as others, nobody gets an answer
// that was made for somebody else. The web of this test even says of everything
// that it is for everybody.
func TestNobodyGetsAnothersAnswer(t *testing.T) {
	names := map[string]string{"": ""} // by token
	tokens := []string{""}
	for i, role := range []rpc.Role{rpc.Guest, rpc.Shopper, rpc.Shopper, rpc.Admin} {
		name := fmt.Sprint("caller", i)
		token := kittest.Token(t, rpc.Principal{Subject: name, Role: role})
		names[token], tokens = name, append(tokens, token)
	}
	greet := func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if c, err := r.Cookie("souk_at"); err == nil && token == "" {
			token = c.Value
		}
		w.Header().Set("Cache-Control", forEverybody)
		w.Header().Set("Surrogate-Key", "all")
		if strings.Contains(r.URL.RawQuery, "signed") {
			w.Header().Set("Set-Cookie", "souk_rt="+names[token])
		}
		theme := "light"
		if c, err := r.Cookie("theme"); err == nil {
			theme = c.Value
		}
		fmt.Fprintf(w, "%s|%s|%s", r.URL.RequestURI(), names[token], theme)
	}
	h := build(t, plan{web: greet, deps: pages, services: map[string][]rpc.Mount{"account": {{Path: "/", Handler: http.HandlerFunc(greet)}}, "catalog": {{Path: "/", Handler: http.HandlerFunc(greet)}}}})
	public := []string{"/", "/p/a", "/p/b", "/p/a?signed=1", "/souk.catalog.v1.ProductService/GetProduct?base64=1&connect=v1&encoding=json&message=eyJzbHVnIjoiYSJ9"}
	personal := []string{"/account", "/account?signed=1", "/souk.account.v1.AccountService/GetProfile?encoding=json&message=1"}
	rapid.Check(t, func(t *rapid.T) {
		type question struct{ path, token, theme, by string }
		draw := rapid.Custom(func(t *rapid.T) question {
			return question{
				rapid.SampledFrom(append(public, personal...)).Draw(t, "path"),
				rapid.SampledFrom(tokens).Draw(t, "token"),
				rapid.SampledFrom([]string{"light", "dark"}).Draw(t, "theme"),
				rapid.SampledFrom([]string{"cookie", "header"}).Draw(t, "by"),
			}
		})
		questions := rapid.SliceOfN(draw, 2, 12).Draw(t, "questions")
		change := rapid.Bool().Draw(t, "change")
		var all sync.WaitGroup
		errs := make(chan string, len(questions))
		for _, q := range questions {
			header := []string{"Cookie", "theme=" + q.theme}
			if q.token != "" && q.by == "cookie" {
				header[1] += "; souk_at=" + q.token
			} else if q.token != "" {
				header = append(header, "Authorization", "Bearer "+q.token)
			}
			req := h.request("GET", q.path, nil, header...)
			all.Go(func() {
				resp, err := h.client.Do(req)
				if err != nil {
					errs <- err.Error()
					return
				}
				defer resp.Body.Close()
				body := make([]byte, 1000)
				n, _ := resp.Body.Read(body)
				said := strings.Split(string(body[:n]), "|")
				isPersonal := strings.Contains(q.path, "ccount")
				isCall := strings.HasPrefix(q.path, "/souk.")
				want := ""
				if isPersonal {
					want = names[q.token]
				}
				switch {
				case resp.StatusCode != 200 || len(said) != 3 || said[0] != q.path:
					errs <- fmt.Sprintf("%+v: %d %q", q, resp.StatusCode, body[:n])
				case said[1] != want:
					errs <- fmt.Sprintf("%s asked for %s and got the answer of %q", names[q.token], q.path, said[1])
				case said[2] != q.theme && (isPersonal || !isCall):
					errs <- fmt.Sprintf("%s asked for %s in %s and got %s", names[q.token], q.path, q.theme, said[2])
				case isPersonal && resp.Header.Get("Cache-Status") != "":
					errs <- fmt.Sprintf("%s was kept", q.path)
				}
			})
		}
		if change {
			h.change("all")
		}
		all.Wait()
		close(errs)
		for err := range errs {
			t.Error(err)
		}
	})
}
