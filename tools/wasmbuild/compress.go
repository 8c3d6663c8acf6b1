package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
)

// compress writes target.br and target.gz and returns the size of the first.
func compress(raw []byte, target string) (int, error) {
	var br, gz bytes.Buffer
	done := make(chan error)
	go func() {
		w, err := gzip.NewWriterLevel(&gz, gzip.BestCompression)
		if err == nil {
			if _, err = w.Write(raw); err == nil {
				err = w.Close()
			}
		}
		done <- err
	}()
	w := brotli.NewWriterOptions(&br, brotli.WriterOptions{Quality: 11, LGWin: 24})
	_, err := w.Write(raw)
	if err == nil {
		err = w.Close()
	}
	if gzErr := <-done; err == nil {
		err = gzErr
	}
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return 0, err
	}
	if err := os.WriteFile(target+".gz", gz.Bytes(), 0o644); err != nil {
		return 0, err
	}
	return br.Len(), os.WriteFile(target+".br", br.Bytes(), 0o644)
}

// checkSizes compares the programs with the baseline, lines of "name bytes".
func (b *build) checkSizes(sizes map[string]int) error {
	path := filepath.Join(b.root, b.baseline)
	if b.record {
		var lines strings.Builder
		for _, name := range slices.Sorted(maps.Keys(sizes)) {
			fmt.Fprintf(&lines, "%s %d\n", name, sizes[name])
		}
		return os.WriteFile(path, []byte(lines.String()), 0o644)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		var name string
		var allowed int
		if _, err := fmt.Sscan(line, &name, &allowed); err != nil {
			return fmt.Errorf("%s: %q: %w", b.baseline, strings.TrimSpace(line), err)
		}
		if size, built := sizes[name]; built && size > allowed+allowed/20 {
			return fmt.Errorf("%s has grown from %d to %d bytes in brotli, more than 5 %%; find out why, or record the new size with -record", name, allowed, size)
		}
	}
	return nil
}
