package importer

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// file writes a file and returns its path.
func file(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if strings.HasSuffix(name, ".gz") {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
		w.Close()
		content = packed.String()
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// told is every record of a file, as "line: cells of a and b", or why not.
func told(t testing.TB, path string, m *Mapping) []string {
	t.Helper()
	all, err := openRecords(path, m)
	if err != nil {
		return []string{strings.TrimPrefix(err.Error(), path+": ")}
	}
	defer all.Close()
	var out []string
	for {
		r, err := all.Next()
		var bad *badRow
		switch {
		case err == io.EOF:
			return out
		case errors.As(err, &bad):
			out = append(out, fmt.Sprintf("%d! %s", bad.line, bad.reason))
		case err != nil:
			return append(out, err.Error())
		default:
			out = append(out, fmt.Sprintf("%d: %q %q", r.line, r.cell("A"), r.cell("b")))
		}
	}
}

func TestRecords(t *testing.T) {
	const mismatch, odd = "the quotes of this line do not match", notText
	for _, c := range []struct {
		name, file, content string
		mapping             Mapping
		want                []string
	}{
		{"reads CSV", "x.csv", "a,b\n1,2\n", Mapping{}, []string{`2: "1" "2"`}},
		{"needs no last line end", "x.csv", "a,b\n1,2", Mapping{}, []string{`2: "1" "2"`}},
		{"takes Windows' line ends", "x.csv", "a,b\r\n1,2\r\n", Mapping{}, []string{`2: "1" "2"`}},
		{"takes a byte order mark", "x.csv", "\uFEFFa,b\n1,2\n", Mapping{}, []string{`2: "1" "2"`}},
		{"takes empty lines, before the header, too", "x.csv", "\n\na,b\n\n1,2\n\n", Mapping{}, []string{`5: "1" "2"`}},
		{"keeps line breaks in quotes", "x.csv", "a,b\n\"1\r\n1\",\"2\n2\"\n3,4\n", Mapping{}, []string{`2: "1\n1" "2\n2"`, `5: "3" "4"`}},
		{"takes doubled quotes", "x.csv", "a,b\n\"1\"\"1\",2\n", Mapping{}, []string{`2: "1\"1" "2"`}},
		{"takes inches", "x.csv", "a,b\n5\" pipe,2\n3,4\n", Mapping{}, []string{`2: "5\" pipe" "2"`, `3: "3" "4"`}},
		{"loses one line to a quote that stays open", "x.csv", "a,b\n\"1,2\n3,4\n5,6\n", Mapping{}, []string{"2! " + mismatch, `3: "3" "4"`, `4: "5" "6"`}},
		{"tells too few fields and too many", "x.csv", "a,b\n1\n1,2,3\n1,2\n", Mapping{}, []string{"2! 1 fields where the header has 2", "3! 3 fields where the header has 2", `4: "1" "2"`}},
		{"does not mind the case of names", "x.csv", "B, A \n1,2\n", Mapping{}, []string{`2: "2" "1"`}},
		{"takes the first of two columns", "x.csv", "a,a,b\n1,2,3\n", Mapping{}, []string{`2: "1" "3"`}},
		{"knows words for nothing", "x.csv", "a,b\nnull,N/A\n", Mapping{Nulls: []string{"null", "N/A"}}, []string{`2: "" ""`}},
		{"takes semicolons", "x.csv", "a;b\n1,5;2\n", Mapping{Delimiter: ";"}, []string{`2: "1,5" "2"`}},
		{"takes tabs", "x.tsv", "a\tb\n1\t2\n", Mapping{}, []string{`2: "1" "2"`}},
		{"unpacks", "x.csv.gz", "a,b\n1,2\n", Mapping{}, []string{`2: "1" "2"`}},
		{"has nothing in a header", "x.csv", "a,b\n", Mapping{}, nil},
		{"tells what is empty", "x.csv", "\n", Mapping{}, []string{"the file is empty"}},
		{"tells old Macs' line ends", "x.csv", "a,b\r1,2\r3,4\r", Mapping{}, []string{"its lines end in CR alone, as in old Macs; save it with other line ends"}},
		{"tells bytes that are no text", "x.csv", "a,b\nGr\xfc\xdfe,2\n3,4\n", Mapping{}, []string{"2! " + odd, `3: "3" "4"`}},
		{"reads Latin letters", "x.csv", "a,b\nGr\xfc\xdfe,2\n", Mapping{Encoding: "Windows-1252"}, []string{`2: "Grüße" "2"`}},
		{"reads what Excel calls Unicode", "x.tsv", "\xff\xfea\x00\t\x00b\x00\n\x001\x00\t\x00\xfc\x00\n\x00", Mapping{}, []string{`2: "1" "ü"`}},
		{"believes a byte order mark more than the mapping", "x.csv", "\uFEFFa,b\nü,2\n", Mapping{Encoding: "windows-1252"}, []string{`2: "ü" "2"`}},

		{"reads JSON lines", "x.jsonl", `{"a": "1", "B": 2}` + "\n\n" + `{"a": [1, {"b": null}], "b": true}`, Mapping{}, []string{`1: "1" "2"`, `3: "[1,{\"b\":null}]" "true"`}},
		{"keeps numbers as they are written", "x.jsonl", `{"a": 12345678901234567890, "b": 1.10}`, Mapping{}, []string{`1: "12345678901234567890" "1.10"`}},
		{"unpacks JSON lines", "x.ndjson.gz", `{"a": 1, "b": 2}`, Mapping{}, []string{`1: "1" "2"`}},
		{"tells what is no object", "x.jsonl", "[1]\n{\"a\":1\nnull\n{\"a\":1}{}\n\"x\"\n{\"b\":1}\n", Mapping{}, []string{"1! this line is not a JSON object", "2! this line is not a JSON object", "3! this line is not a JSON object", "4! this line is not a JSON object", "5! this line is not a JSON object", `6: "" "1"`}},
		{"tells bytes that are no text, in JSON, too", "x.jsonl", "{\"a\": \"\xfc\"}\n", Mapping{}, []string{"1! " + odd}},
		{"takes an empty JSON file", "x.jsonl", "", Mapping{}, nil},

		{"tells files that it cannot read", "x.xlsx", "PK", Mapping{}, []string{"only .csv, .tsv and .jsonl files, and those with .gz behind them, can be imported"}},
	} {
		if got := told(t, file(t, c.file, c.content), &c.mapping); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("a file %s: read\n %v\nwant\n %v", c.name, got, c.want)
		}
	}
}

func TestAPackedFileThatBreaksOffIsTold(t *testing.T) {
	whole := file(t, "x.csv.gz", "a,b\n"+strings.Repeat("1,2\n", 100_000))
	raw, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(whole, raw[:len(raw)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	all := told(t, whole, &Mapping{})
	if last := all[len(all)-1]; !strings.Contains(last, "unexpected EOF") {
		t.Errorf("ends with %q", last)
	}
}

// A broken file costs its broken lines, and no more memory than a line.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a,b\n\"1\n2\",3\n", "a\n\"\n", "a,b\n\"x\"y,2\n", "\uFEFFa", "\r", "\"", "a\n\x00\xff\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		c, err := newCSV(strings.NewReader(content), "", nil, func() error { return nil })
		if err != nil {
			return
		}
		lines := strings.Count(content, "\n") + 1
		last := 0
		for n := 0; ; n++ {
			r, err := c.Next()
			var bad *badRow
			if err == io.EOF {
				return
			}
			if err != nil && !errors.As(err, &bad) {
				t.Fatalf("%q: %v", content, err)
			}
			if r.line <= last || r.line > lines || n > lines {
				t.Fatalf("%q: line %d comes after %d, of %d", content, r.line, last, lines)
			}
			if err == nil && len(r.fields) != len(c.header.names) {
				t.Fatalf("%q: line %d has %d fields of %d", content, r.line, len(r.fields), len(c.header.names))
			}
			last = r.line
		}
	})
}

func FuzzJSONLines(f *testing.F) {
	for _, s := range []string{`{"a":1}`, "{}\n[]", `{"a":{"b":[1,"x",null]}}`, "\x00", `{"a":1,"A":2}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, content string) {
		j := &jsonRecords{lines: newLines(strings.NewReader(content)), header: newHeader(nil, nil)}
		for {
			r, err := j.Next()
			var bad *badRow
			if err == io.EOF {
				return
			}
			if err != nil && !errors.As(err, &bad) {
				t.Fatalf("%q: %v", content, err)
			}
			if len(r.fields) == 0 || r.line < 1 {
				t.Fatalf("%q: a record without its line: %+v", content, r)
			}
		}
	})
}
