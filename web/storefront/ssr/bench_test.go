//go:build !wasm

package ssr_test

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	catalogv1 "github.com/souk-commerce/souk/api/lite/souk/catalog/v1"
	inventoryv1 "github.com/souk-commerce/souk/api/lite/souk/inventory/v1"
	"github.com/souk-commerce/souk/kit/kittest/ratio"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
	shop "github.com/souk-commerce/souk/web/storefront"
	"github.com/souk-commerce/souk/web/storefront/ssr"
	"github.com/souk-commerce/souk/web/ui"
)

// found serves a shop's services, and says where.
func found(b *testing.B) func(string) (rpc.Doer, string) {
	services := httptest.NewServer(newFake().handler())
	b.Cleanup(services.Close)
	return func(string) (rpc.Doer, string) { return services.Client(), services.URL }
}

// A product page from its data to its HTML, beside html/template with the page's
// texts and addresses put in.
func BenchmarkDrawProduct(b *testing.B) {
	client := rpc.NewClient(&rpc.Link{Find: found(b)})
	pages, env := shop.New(client, nil), &site.Env{URL: &url.URL{Path: "/p/a"}, Client: client}
	view, err := pages.Load(b.Context(), env)
	if err != nil {
		b.Fatal(err)
	}
	page := ui.HTML(pages.Layout(env, view))
	same, values := templateOf(b, page)
	var out bytes.Buffer
	if err := same.Execute(&out, values); err != nil {
		b.Fatal(err)
	}
	if got, want := tokens(out.String()), tokens(page); !slices.Equal(got, want) || !strings.Contains(page, "Lamp a") {
		b.Fatalf("the template writes\n%s\nand we write\n%s", out.String(), page)
	}
	var room []byte
	ratio.Of(b, "html/template", func(n int) {
		for range n {
			room = ui.AppendHTML(room[:0], pages.Layout(env, view))
		}
	}, func(n int) {
		for range n {
			out.Reset()
			if err := same.Execute(&out, values); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// templateOf makes a template that writes page, and the values that it puts in:
// all texts, and all addresses and values of attributes.
func templateOf(b *testing.B, page string) (*template.Template, any) {
	var source strings.Builder
	var values []string
	put := func(value string) {
		fmt.Fprintf(&source, "{{.V%d}}", len(values))
		values = append(values, value)
	}
	for z := html.NewTokenizer(strings.NewReader(page)); z.Next() != html.ErrorToken; {
		switch t := z.Token(); t.Type {
		case html.TextToken:
			put(t.Data)
		case html.StartTagToken:
			source.WriteString("<" + t.Data)
			for _, a := range t.Attr {
				source.WriteString(" " + a.Key + `="`)
				switch a.Key {
				case "href", "src", "alt", "value", "action", "aria-label":
					put(a.Val)
				default:
					source.WriteString(html.EscapeString(a.Val))
				}
				source.WriteString(`"`)
			}
			source.WriteString(">")
		default:
			source.WriteString(t.String())
		}
	}
	// Fields, as programs have them: a map would be slower.
	var fields []reflect.StructField
	for i := range values {
		fields = append(fields, reflect.StructField{Name: fmt.Sprint("V", i), Type: reflect.TypeFor[string]()})
	}
	data := reflect.New(reflect.StructOf(fields)).Elem()
	for i, v := range values {
		data.Field(i).SetString(v)
	}
	parsed, err := template.New("page").Parse(source.String())
	if err != nil {
		b.Fatal(err)
	}
	return parsed, data.Interface()
}

// tokens is what a parser sees.
func tokens(page string) (all []string) {
	for z := html.NewTokenizer(strings.NewReader(page)); z.Next() != html.ErrorToken; {
		all = append(all, fmt.Sprintf("%v", z.Token()))
	}
	return all
}

// A whole answer for a product page, beside the three calls that it needs, of
// services that have their answers ready.
func BenchmarkProductPage(b *testing.B) {
	find := found(b)
	pages, err := ssr.New(ssr.Config{Origin: "http://shop", Find: find, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		b.Fatal(err)
	}
	client := rpc.NewClient(&rpc.Link{Find: find})
	ratio.Of(b, "its calls alone", func(n int) {
		for range n {
			answer := httptest.NewRecorder()
			pages.ServeHTTP(answer, httptest.NewRequestWithContext(b.Context(), "GET", "/p/a", nil))
			if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), "Lamp a") {
				b.Fatal(answer.Code, answer.Body)
			}
		}
	}, func(n int) {
		for range n {
			_, err := catalogv1.NewCategoryServiceClient(client).ListCategories(b.Context(), &catalogv1.ListCategoriesRequest{})
			if err != nil {
				b.Fatal(err)
			}
			if _, err = catalogv1.NewProductServiceClient(client).GetProduct(b.Context(), &catalogv1.GetProductRequest{Slug: "a"}); err != nil {
				b.Fatal(err)
			}
			if _, err = inventoryv1.NewStockServiceClient(client).GetAvailability(b.Context(), &inventoryv1.GetAvailabilityRequest{Skus: []string{"a-R", "a-B"}}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
