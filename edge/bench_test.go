package edge_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strconv"
	"strings"
	"testing"

	"connectrpc.com/connect"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/kittest/ratio"
	"github.com/souk-commerce/souk/kit/rpc"
)

// A page from memory, as a browser asks for it, beside a handler that knows
// nothing but these bytes.
func BenchmarkCachedPage(b *testing.B) {
	var page strings.Builder
	for n := range 300 {
		fmt.Fprintf(&page, "<li class=card><a href=/p/shirt-%x>A shirt</a> %d.00</li>\n", n*7919, n)
	}
	h := build(b, plan{deps: pages, web: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", forEverybody)
		w.Header().Set("Surrogate-Key", "product/1 category/2")
		w.Header().Set("ETag", `"v1"`)
		io.WriteString(w, page.String())
	}})
	header := []string{
		"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Encoding", "gzip, deflate, br, zstd", "Accept-Language", "en-US,en;q=0.9",
		"Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "same-origin",
		"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", "Cookie", "theme=dark",
	}
	kept := h.ask("GET", "/p/shirt", header...)
	for !kept.hit() { // it is kept a moment later
		kept = h.ask("GET", "/p/shirt", header...)
	}
	if kept.Header.Get("Content-Encoding") != "br" {
		b.Fatalf("not compressed: %v", kept.Header)
	}
	same := maps.Clone(kept.Header)
	same.Del("Date") // written by net/http for both
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), same)
		io.WriteString(w, kept.body)
	}))
	b.Cleanup(bare.Close)
	ratio.Of(b, "a bare handler", browsers(b, h.url, header), browsers(b, bare.URL, header))
}

// browsers ask for a page at once, as many as keep all processors busy: one that
// waits for each answer would measure how fast the machine wakes up.
func browsers(b *testing.B, url string, header []string) ratio.Side {
	var all [16]ratio.Side
	for i := range all {
		all[i] = browser(b, url, header)
	}
	return ratio.Together(all[:]...)
}

// browser asks over one connection, and does little else: a client of net/http
// would be most of what is measured.
func browser(b *testing.B, url string, header []string) ratio.Side {
	host := strings.TrimPrefix(url, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	request := []byte("GET /p/shirt HTTP/1.1\r\nHost: " + host + "\r\n")
	for i := 0; i < len(header); i += 2 {
		request = append(request, header[i]+": "+header[i+1]+"\r\n"...)
	}
	request = append(request, "\r\n"...)
	from := bufio.NewReader(conn)
	return func(n int) {
		for range n {
			if _, err := conn.Write(request); err != nil {
				b.Error(err)
				return
			}
			if err := passOver(from); err != nil {
				b.Error(err)
				return
			}
		}
	}
}

// passOver reads an answer that has a length.
func passOver(from *bufio.Reader) error {
	length := 0
	for {
		line, err := from.ReadSlice('\n')
		if err != nil {
			return err
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
		if len(line) == len("\r\n") {
			break
		}
	}
	if length == 0 {
		return errors.New("an answer without a length")
	}
	_, err := from.Discard(length)
	return err
}

// A shopper's call through the edge, beside the same call to the service itself,
// and through a proxy that only passes on.
func BenchmarkCall(b *testing.B) {
	path, handler := catalogv1connect.NewProductServiceHandler(shelf{}, rpc.Options(kittest.RPC(b, "catalog"))...)
	service := kittest.Serve(b, []rpc.Mount{{Path: path, Handler: handler}})
	h := build(b, plan{web: sign("web"), services: map[string][]rpc.Mount{"catalog": {{Path: path, Handler: handler}}}})
	dialer := kittest.Dialer(b, "proxy", map[string]*kittest.Served{"catalog": service})
	transport, up := dialer.RoundTripper("catalog")
	proxy := httptest.NewServer(&httputil.ReverseProxy{Transport: transport, FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(up) }})
	b.Cleanup(proxy.Close)
	ratio.Of(b, "a bare proxy", getProduct(b, h.url), getProduct(b, proxy.URL))
	ratio.Of(b, "no edge", getProduct(b, h.url), getProduct(b, service.URL))
}

func getProduct(b *testing.B, url string) ratio.Side {
	ann := kittest.Token(b, rpc.Principal{Subject: "ann", Role: rpc.Shopper})
	client := catalogv1connect.NewProductServiceClient(&http.Client{Transport: &http.Transport{}}, url, connect.WithInterceptors(bearer(ann)))
	return func(n int) {
		for range n {
			got, err := client.GetProduct(b.Context(), &catalogv1.GetProductRequest{Id: "1"})
			if err != nil || got.GetProduct().GetTitle() != "for shopper" {
				b.Fatal(got, err)
			}
		}
	}
}
