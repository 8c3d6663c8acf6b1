//go:build !wasm

package shell

import (
	"bytes"
	"compress/gzip"
	"image/png"
	"io"
	"net/http/httptest"
	"testing"
	"testing/fstest"
)

func TestAssetsPickTheEncoding(t *testing.T) {
	raw := []byte("\x00asm program")
	assets := NewAssets()
	if err := assets.AddDir(fstest.MapFS{"p.wasm.br": {Data: []byte("brotli")}, "p.wasm.gz": {Data: gzipped(raw)}}); err != nil {
		t.Fatal(err)
	}
	cases := []struct{ accept, encoding string }{{"gzip, deflate, br", "br"}, {"gzip", "gzip"}, {"br;q=0, gzip", "gzip"}, {"", ""}}
	for _, c := range cases {
		request := httptest.NewRequest("GET", assets.Path("p.wasm"), nil)
		request.Header.Set("Accept-Encoding", c.accept)
		answer := httptest.NewRecorder()
		assets.ServeHTTP(answer, request)
		if got := answer.Header().Get("Content-Encoding"); got != c.encoding || answer.Header().Get("Content-Type") != "application/wasm" {
			t.Errorf("for %q: %q of %q, want %q", c.accept, got, answer.Header().Get("Content-Type"), c.encoding)
		}
		body := answer.Body.Bytes()
		switch c.encoding {
		case "br":
			body = raw
		case "gzip":
			reader, _ := gzip.NewReader(bytes.NewReader(body))
			body, _ = io.ReadAll(reader)
		}
		if !bytes.Equal(body, raw) {
			t.Errorf("for %q the body is %q", c.accept, body)
		}
	}
}

func TestIcons(t *testing.T) {
	for _, maskable := range []bool{false, true} {
		icon, err := png.Decode(bytes.NewReader(iconPNG(64, maskable)))
		if err != nil {
			t.Fatal(err)
		}
		_, _, _, corner := icon.At(0, 0).RGBA()
		if (corner == 0) == maskable {
			t.Errorf("maskable %v: opacity of the corner = %d", maskable, corner)
		}
	}
}
