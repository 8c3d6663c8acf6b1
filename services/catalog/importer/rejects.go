package importer

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// rejects is a file of the rows that were not taken: line, reason, and the row as
// it was, in the format of the data and always in UTF-8, so that the same mapping
// reads it: what was added is not looked at.
type rejects struct {
	path  string
	file  *os.File
	out   *bufio.Writer
	csv   *csv.Writer // nil for JSON lines
	count int
}

// rejectsPath is where rejects go when nobody says.
func rejectsPath(data string, isCSV bool) string {
	if isCSV {
		return data + ".rejects.csv"
	}
	return data + ".rejects.jsonl"
}

func newRejects(path, data string, m *Mapping, header []string) (*rejects, error) {
	if a, err := os.Stat(path); err == nil {
		if b, err := os.Stat(data); err == nil && os.SameFile(a, b) {
			return nil, errors.New("the rejects cannot go into the data file itself")
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("rejects: %w", err)
	}
	r := &rejects{path: path, file: f, out: bufio.NewWriter(f)}
	if header == nil {
		return r, nil
	}
	if m.Encoding != "" {
		r.out.WriteString(byteOrderMark) // whatever the mapping says
	}
	r.csv = csv.NewWriter(r.out)
	r.csv.Comma, _ = utf8.DecodeRuneInString(cmp.Or(m.Delimiter, ","))
	return r, r.csv.Write(append([]string{"reject_line", "reject_reason"}, header...))
}

// add writes a row down. What fails is told by close.
func (r *rejects) add(bad badRow) {
	r.count++
	if r.csv != nil {
		r.csv.Write(append([]string{strconv.Itoa(bad.line), bad.reason}, bad.fields...))
		return
	}
	note := fmt.Sprintf(`{"reject_line":%d,"reject_reason":%s,`, bad.line, jsonString(bad.reason))
	raw := bad.fields[0]
	if rest := strings.TrimSpace(strings.TrimPrefix(raw, "{")); rest == "}" {
		r.out.WriteString(strings.TrimSuffix(note, ",") + "}\n")
	} else if strings.HasPrefix(raw, "{") && json.Valid([]byte(raw)) {
		r.out.WriteString(note + rest + "\n")
	} else {
		r.out.WriteString(note + `"row":` + jsonString(raw) + "}\n")
	}
}

func jsonString(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		panic("importer: a text is plain data: " + err.Error())
	}
	return string(raw)
}

// close keeps the file only when something is in it.
func (r *rejects) close() error {
	if r.csv != nil {
		r.csv.Flush()
	}
	err := errors.Join(r.out.Flush(), r.file.Close())
	if r.csv != nil {
		err = errors.Join(r.csv.Error(), err)
	}
	if r.count == 0 && err == nil {
		return os.Remove(r.path)
	}
	return err
}
