package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/souk-commerce/souk/edge"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/token"
)

// page is text of a size that a browser could get, the same for the same number.
func page(size, n int) string {
	dice := mrand.New(mrand.NewPCG(uint64(size), uint64(n)))
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, "<li class=card><a href=/p/%x>A shirt</a> %d.00</li>\n", dice.Uint32(), dice.IntN(100))
	}
	return b.String()[:size]
}

// size is what a path like "/p/2k/17" asks for.
func size(path string) (bytes, n int) {
	parts := strings.Split(path, "/")
	if len(parts) < 3 {
		return 2 << 10, 0
	}
	bytes, _ = strconv.Atoi(strings.TrimSuffix(parts[2], "k"))
	if len(parts) > 3 {
		n, _ = strconv.Atoi(parts[3])
	}
	return bytes << 10, n
}

const (
	forEverybody = "public, max-age=0, s-maxage=3600, stale-while-revalidate=60"
	forOne       = "private, no-store"
)

func describe(h http.Header, tag string) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", forEverybody)
	h.Set("ETag", `"`+tag+`"`)
}

// originDelay is what a slow answer takes.
const originDelay = 200 * time.Millisecond

// origin answers pages, slow ones below /p/slow, and private ones below /p/own; and
// how many it was asked for.
func origin(ctx context.Context, address string) error {
	var asked atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/asked", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, asked.Swap(0)) })
	mux.HandleFunc("/p/", func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		bytes, n := size(r.URL.Path)
		switch {
		case strings.HasPrefix(r.URL.Path, "/p/slow/"):
			time.Sleep(originDelay)
			bytes = 2 << 10
		case strings.HasPrefix(r.URL.Path, "/p/own/"):
			time.Sleep(originDelay)
			w.Header().Set("Cache-Control", forOne)
			fmt.Fprint(w, rand.Text())
			return
		}
		describe(w.Header(), strconv.Itoa(n))
		w.Header().Set("Surrogate-Key", "page/"+strconv.Itoa(n)+" all")
		w.Header().Set("Content-Length", strconv.Itoa(bytes))
		fmt.Fprint(w, page(bytes, n))
	})
	return listen(ctx, address, mux)
}

// bare answers the same from memory, and knows nothing else.
func bare(ctx context.Context, address string) error {
	pages := map[string][]byte{}
	for _, path := range []string{"/p/2k/1", "/p/20k/1"} {
		bytes, n := size(path)
		pages[path] = []byte(page(bytes, n))
	}
	return listen(ctx, address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := pages[r.URL.Path]
		describe(w.Header(), "1")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body)
	}))
}

func listen(ctx context.Context, address string, h http.Handler) error {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Addr: address, Handler: h, Protocols: &protocols}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.ListenAndServe(); ctx.Err() == nil {
		return err
	}
	return nil
}

// serveEdge runs an edge in front of an origin, and prints a token that it believes.
func serveEdge(ctx context.Context, address, origin string) error {
	dir, err := os.MkdirTemp("", "souk-bench-edge-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	stream, err := bus.Embedded(dir)
	if err != nil {
		return err
	}
	defer stream.Close()
	events, err := stream.Dial(ctx)
	if err != nil {
		return err
	}
	defer events.Close()
	signer, err := token.NewSigner("bench", token.NewSeed(), clock.System)
	if err != nil {
		return err
	}
	shopper, err := signer.Sign(token.Claims{Subject: "ada", Role: "shopper", Session: hex.EncodeToString([]byte("session"))}, time.Hour)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	config := edge.Config{CacheMB: memoryMB, Rate: 1e9, Burst: 1e9}
	debug.SetMemoryLimit(config.Memory())
	e, err := edge.Open(config, edge.Deps{
		Bus: events, Dialer: rpc.NewDialer("edge", signer, map[string]string{"web": origin}, ".invalid:1"), Listener: l,
		Verifier:    token.NewVerifier(clock.System, token.Issuer{Name: "bench", Roles: []string{"shopper"}, Static: signer.Keys()}),
		PublicPaths: []string{"/p/"}, PublicCookies: []string{"souk_cur"}, Clock: clock.System, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	fmt.Println(shopper)
	return e.Run(ctx)
}
