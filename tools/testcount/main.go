// Command testcount runs go test in the checkout and says how many tests passed,
// failed and were skipped. The whole output of packages that fail is shown.
//
//	testcount -- ./kit/... ./services/...
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sort"
	"strings"
	"time"
)

type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	cmd := exec.Command("go", append([]string{"test", "-json", "-p", "2", "-timeout", "15m"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		fail(err)
	}
	if err := cmd.Start(); err != nil {
		fail(err)
	}
	bad := report(out, os.Stdout)
	if err := cmd.Wait(); err != nil || bad {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "testcount:", err)
	os.Exit(1)
}

// report reads events and tells whether anything failed.
func report(in io.Reader, to io.Writer) (failed bool) {
	started := time.Now()
	counts := map[string]int{}
	output := map[string][]string{}
	var skipped []string
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Fprint(to, string(line)) // a build error
				continue
			}
			switch e.Action {
			case "output", "build-output":
				output[e.Package] = append(output[e.Package], e.Output)
			case "pass", "fail", "skip":
				if e.Test != "" {
					counts[e.Action]++
					if e.Action == "skip" {
						skipped = append(skipped, e.Package+" "+e.Test)
					}
					continue
				}
				if e.Action == "fail" {
					failed = true
					fmt.Fprint(to, strings.Join(output[e.Package], ""))
				} else if e.Action == "pass" {
					fmt.Fprintf(to, "ok   %-70s %6.1fs\n", e.Package, e.Elapsed)
				}
				delete(output, e.Package)
			case "build-fail":
				failed = true
				for _, o := range output[""] {
					fmt.Fprint(to, o)
				}
			}
		}
		if err != nil {
			break
		}
	}
	sort.Strings(skipped)
	for _, s := range skipped {
		fmt.Fprintln(to, "skip", s)
	}
	fmt.Fprintf(to, "in %s\n%d passed, %d failed, %d skipped\n", time.Since(started).Round(time.Second), counts["pass"], counts["fail"], counts["skip"])
	return failed || counts["fail"] > 0
}
