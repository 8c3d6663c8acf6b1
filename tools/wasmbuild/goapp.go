package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const goApp = "github.com/maxence-charriere/go-app/v9"

// serverOnly are the files of go-app's pkg/app that only a server needs.
var serverOnly = []string{"http.go", "resource.go", "wasm.go", "scripts.go", "scripts_wasm.go", "wasmexec.go", "static.go", "testing.go"}

// browserOnly stands in for what the rest of the package wants from them.
const browserOnly = `package app

import "strings"

func isRemoteLocation(path string) bool {
	return strings.HasPrefix(path, "https://") || strings.HasPrefix(path, "http://")
}

func isStaticResourcePath(path string) bool {
	return strings.HasPrefix(path, "/web/") || strings.HasPrefix(path, "web/")
}
`

// prepareModule copies go-app without its server into .build and returns a go.mod
// that uses the copy.
func (b *build) prepareModule() (string, error) {
	source, err := b.moduleDir()
	if err != nil {
		return "", err
	}
	copyTo := filepath.Join(b.root, ".build", "go-app")
	if err := copyModule(source, copyTo); err != nil {
		return "", fmt.Errorf("copy go-app: %w", err)
	}
	web := filepath.Join(b.root, "web")
	mod, err := os.ReadFile(filepath.Join(web, "go.mod"))
	if err != nil {
		return "", err
	}
	sum, err := os.ReadFile(filepath.Join(web, "go.sum"))
	if err != nil {
		return "", err
	}
	mod = append(mod, []byte("\nreplace "+goApp+" => "+copyTo+"\n")...)
	modfile := filepath.Join(b.root, ".build", "web.mod")
	if err := writeIfNew(modfile, mod); err != nil {
		return "", err
	}
	return modfile, writeIfNew(filepath.Join(b.root, ".build", "web.sum"), sum)
}

func (b *build) moduleDir() (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", goApp)
	cmd.Dir = filepath.Join(b.root, "web")
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("download go-app: %w", err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return "", err
	}
	return module.Dir, nil
}

// copyModule copies what the program builds from: go.mod, pkg/app, pkg/errors.
func copyModule(source, target string) error {
	if err := writeFile(source, target, "go.mod"); err != nil {
		return err
	}
	for _, dir := range []string{"pkg/app", "pkg/errors"} {
		entries, err := fs.ReadDir(os.DirFS(source), dir)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			name := entry.Name()
			if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			if err := writeFile(source, target, dir+"/"+name); err != nil {
				return err
			}
		}
	}
	return writeIfNew(filepath.Join(target, "pkg", "app", "browser_wasm.go"), []byte(browserOnly))
}

func writeFile(source, target, name string) error {
	content, err := os.ReadFile(filepath.Join(source, name))
	if err != nil {
		return err
	}
	for _, server := range serverOnly {
		if name == "pkg/app/"+server {
			content = notInWasm(content)
		}
	}
	return writeIfNew(filepath.Join(target, name), content)
}

// notInWasm keeps a file out of wasm builds.
func notInWasm(content []byte) []byte {
	lines := bytes.Split(content, []byte("\n"))
	kept := lines[:0]
	for _, line := range lines {
		if !bytes.HasPrefix(line, []byte("//go:build")) && !bytes.HasPrefix(line, []byte("// +build")) {
			kept = append(kept, line)
		}
	}
	return append([]byte("//go:build !wasm\n\n"), bytes.Join(kept, []byte("\n"))...)
}

// writeIfNew leaves an equal file alone, so that the build cache stays warm.
func writeIfNew(path string, content []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}
