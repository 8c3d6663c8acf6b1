package front

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/souk-commerce/souk/edge/internal/policy"
	"github.com/souk-commerce/souk/edge/internal/store"
	"github.com/souk-commerce/souk/kit/tag"
)

const (
	// Larger answers are passed through and not kept.
	maxStored = 4 << 20
	// Smaller answers are not worth compressing.
	minCompressed = 512
	// Fills go on when the one who asked first has gone.
	fillTime = 15 * time.Second
)

// fetched is an origin's whole answer, stored or not.
type fetched struct {
	entry    *store.Entry
	storable bool
}

// fill asks the origin for a public answer and keeps it when it may be kept.
func (f *Front) fill(ctx context.Context, route policy.Route, r *http.Request, key string) (fetched, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fillTime)
	defer cancel()
	asOf := f.store.Applied()
	req := r.Clone(ctx)
	req.Method, req.Body, req.ContentLength = http.MethodGet, http.NoBody, 0
	req.Header = http.Header{"Accept": {"*/*"}, "Accept-Encoding": {"identity"}}
	for _, name := range f.cookies {
		if c, err := r.Cookie(name); err == nil {
			req.AddCookie(c)
		}
	}
	resp, err := f.roundTrip(req, route.Upstream)
	if err != nil {
		return fetched{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxStored+1))
	if err != nil {
		return fetched{}, err
	}
	if len(body) > maxStored {
		return fetched{}, fmt.Errorf("answer of %s is over %d bytes", route.Upstream, maxStored)
	}
	life, storable := policy.Storable(resp.StatusCode, resp.Header)
	tags := tag.Split(resp.Header["Surrogate-Key"]...)
	header := maps.Clone(resp.Header)
	for _, hop := range []string{"Connection", "Keep-Alive", "Transfer-Encoding", "Trailer", "Te", "Upgrade", "Proxy-Connection", "Date", "Content-Length"} {
		header.Del(hop)
	}
	stripOutbound(header)
	entry := &store.Entry{
		Key: key, Status: resp.StatusCode, Header: header, Bodies: map[string][]byte{"": body},
		Stored: f.clock.Now(), Fresh: life.Fresh, Stale: life.Stale, IfFailed: life.IfFailed,
	}
	if storable {
		if header.Get("Content-Encoding") == "" && len(body) >= minCompressed && compressible(header.Get("Content-Type")) {
			compress(entry)
		}
		f.store.Put(entry, tags, asOf)
	}
	return fetched{entry, storable}, nil
}

func compressible(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.HasPrefix(kind, "text/") || slices.Contains([]string{
		"application/json", "application/proto", "application/javascript", "application/manifest+json", "image/svg+xml", "application/xml", "application/ld+json",
	}, kind)
}

// compress adds the codings that make the body smaller.
func compress(e *store.Entry) {
	identity := e.Bodies[""]
	var br, gz bytes.Buffer
	bw := brotli.NewWriterLevel(&br, 5)
	bw.Write(identity)
	bw.Close()
	gw, _ := gzip.NewWriterLevel(&gz, 6)
	gw.Write(identity)
	gw.Close()
	if br.Len() < len(identity) {
		e.Bodies["br"] = br.Bytes()
	}
	if gz.Len() < len(identity) {
		e.Bodies["gzip"] = gz.Bytes()
	}
}

// coding chooses the smallest coding that the client takes (RFC 9110 §12.5.3).
func coding(e *store.Entry, accept string) string {
	for _, c := range []string{"br", "gzip"} {
		if _, ok := e.Bodies[c]; ok && accepts(accept, c) {
			return c
		}
	}
	return ""
}

func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			q := strings.ReplaceAll(weight, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}
