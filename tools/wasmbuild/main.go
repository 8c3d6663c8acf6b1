// Command wasmbuild builds the browser's programs and leaves them, compressed, in
// the folder that the server embeds.
//
// go-app's server-only files bring net/http and TLS into every WebAssembly, about
// 0.3 MB that a browser has no use for. So the program is built against a copy of
// go-app in which those files are not part of a wasm build; see goapp.go.
//
//	go -C tools/wasmbuild run . -root ../.. -out web/dist storefront=./storefront/browser
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

func main() {
	root := flag.String("root", ".", "the checkout")
	out := flag.String("out", "web/dist", "where the built files go, below the root")
	baseline := flag.String("baseline", "web/size.txt", "sizes in brotli that the programs may exceed by 5 % at most, below the root")
	record := flag.Bool("record", false, "write the baseline instead of checking it")
	flag.Parse()
	b := &build{root: absolute(*root), out: *out, baseline: *baseline, record: *record}
	if err := b.run(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "wasmbuild:", err)
		os.Exit(1)
	}
}

func absolute(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return abs
}

// build is one run.
type build struct {
	root, out, baseline string
	record              bool
}

func (b *build) run(programs []string) error {
	modfile, err := b.prepareModule()
	if err != nil {
		return err
	}
	sizes := map[string]int{}
	for _, program := range programs {
		name, pkg, ok := strings.Cut(program, "=")
		if !ok {
			return fmt.Errorf("%q is not name=package", program)
		}
		size, err := b.program(modfile, name, pkg)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		sizes[name] = size
	}
	if err := b.copyExec(); err != nil {
		return err
	}
	return b.checkSizes(sizes)
}

// program builds one package and returns its size in brotli.
func (b *build) program(modfile, name, pkg string) (int, error) {
	wasm := filepath.Join(b.root, ".build", name+".wasm")
	cmd := exec.Command("go", "build", "-modfile="+modfile, "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", wasm, pkg)
	cmd.Dir = filepath.Join(b.root, "web")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOWORK=off", "GOFLAGS=")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return 0, err
	}
	raw, err := os.ReadFile(wasm)
	if err != nil {
		return 0, err
	}
	target := filepath.Join(b.root, b.out, name+".wasm")
	sum := sha256.Sum256(raw)
	hash := hex.EncodeToString(sum[:])
	if old, err := os.ReadFile(wasm + ".done"); err == nil && string(old) == hash {
		if size, ok := sizeOf(target + ".br"); ok {
			return size, nil // the same program as last time
		}
	}
	size, err := compress(raw, target)
	if err != nil {
		return 0, err
	}
	fmt.Printf("%s: %.2f MB, %.2f MB in brotli\n", name, float64(len(raw))/1e6, float64(size)/1e6)
	return size, os.WriteFile(wasm+".done", []byte(hash), 0o644)
}

// copyExec copies the toolchain's wasm_exec.js, which has to fit the programs.
func (b *build) copyExec() error {
	source, err := os.ReadFile(filepath.Join(goroot(), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.root, b.out, "wasm_exec.js"), source, 0o644)
}

func goroot() string {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return runtime.GOROOT()
	}
	return strings.TrimSpace(string(out))
}

func sizeOf(path string) (int, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, false
	}
	return int(info.Size()), true
}
