//go:build !wasm

package shell

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/andybalholm/brotli"
)

// assetRoot is where hashed files are served. (go-app changes addresses below
// /web/, so it is not that.)
const assetRoot = "/assets/"

// Assets are files served under names that contain their hash, so that caches may
// keep them for ever. They are compressed once.
type Assets struct {
	byName map[string]string
	byPath map[string]*asset
}

type asset struct {
	kind              string
	raw, gzip, brotli []byte
}

// NewAssets returns an empty set.
func NewAssets() *Assets {
	return &Assets{byName: map[string]string{}, byPath: map[string]*asset{}}
}

// Add adds a file and returns its address.
func (a *Assets) Add(name string, raw []byte) string {
	kind := mime.TypeByExtension(path.Ext(name))
	file := &asset{kind: kind, raw: raw}
	if compressible(kind) {
		file.gzip, file.brotli = gzipped(raw), brotlied(raw)
	}
	return a.put(name, hashOf(raw), file)
}

// AddDir adds what a build left in dir: files that exist as name.br and name.gz
// are WebAssembly and are kept compressed only; scripts are added as they are.
func (a *Assets) AddDir(dir fs.FS) error {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return fmt.Errorf("read the built files: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case strings.HasSuffix(name, ".wasm.br"):
			err = a.addBuilt(dir, strings.TrimSuffix(name, ".br"))
		case strings.HasSuffix(name, ".js"):
			var raw []byte
			if raw, err = fs.ReadFile(dir, name); err == nil {
				a.Add(name, raw)
			}
		}
		if err != nil {
			return fmt.Errorf("add %s: %w", name, err)
		}
	}
	return nil
}

func (a *Assets) addBuilt(dir fs.FS, name string) error {
	br, err := fs.ReadFile(dir, name+".br")
	if err != nil {
		return err
	}
	gz, err := fs.ReadFile(dir, name+".gz")
	if err != nil {
		return err
	}
	a.put(name, hashOf(br), &asset{kind: "application/wasm", gzip: gz, brotli: br})
	return nil
}

func (a *Assets) put(name, hash string, file *asset) string {
	extension := path.Ext(name)
	address := assetRoot + strings.TrimSuffix(name, extension) + "." + hash + extension
	a.byName[name], a.byPath[address] = address, file
	return address
}

// Path returns the address of a file; "" when there is none.
func (a *Assets) Path(name string) string { return a.byName[name] }

// ServeHTTP serves the files.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a.byPath[r.URL.Path]
	if !ok {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	header := w.Header()
	header.Set("Content-Type", file.kind)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("ETag", `"`+path.Base(r.URL.Path)+`"`)
	if file.brotli != nil {
		header.Set("Vary", "Accept-Encoding")
	}
	if r.Header.Get("If-None-Match") == header.Get("ETag") {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := file.encoded(r.Header.Get("Accept-Encoding"), header)
	header.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// encoded picks the smallest form that the client understands.
func (f *asset) encoded(accept string, header http.Header) []byte {
	switch {
	case f.brotli != nil && accepts(accept, "br"):
		header.Set("Content-Encoding", "br")
		return f.brotli
	case f.gzip != nil && accepts(accept, "gzip"):
		header.Set("Content-Encoding", "gzip")
		return f.gzip
	case f.raw == nil:
		reader, err := gzip.NewReader(bytes.NewReader(f.gzip))
		if err != nil {
			return nil
		}
		raw, _ := io.ReadAll(reader)
		return raw
	}
	return f.raw
}

func accepts(accept, coding string) bool {
	for _, part := range strings.Split(accept, ",") {
		name, parameters, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) {
			return strings.ReplaceAll(parameters, " ", "") != "q=0"
		}
	}
	return false
}

func compressible(kind string) bool {
	return strings.HasPrefix(kind, "text/") || strings.Contains(kind, "javascript") ||
		strings.Contains(kind, "json") || strings.Contains(kind, "svg")
}

func gzipped(raw []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	w.Write(raw)
	w.Close()
	return b.Bytes()
}

func brotlied(raw []byte) []byte {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, 9)
	w.Write(raw)
	w.Close()
	return b.Bytes()
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:6])
}
