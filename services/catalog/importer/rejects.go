package importer

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"
)

// rejects is a CSV file of the rows that were not taken: line, reason, and the
// row as it was. Mended, it can be imported again: the two columns more are not
// looked at.
type rejects struct {
	file  *os.File
	out   *csv.Writer
	path  string
	json  bool
	count int
}

func newRejects(path, data string, header []string) (*rejects, error) {
	if a, err := os.Stat(path); err == nil {
		if b, err := os.Stat(data); err == nil && os.SameFile(a, b) {
			return nil, errors.New("the rejects cannot go into the data file itself")
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("rejects: %w", err)
	}
	r := &rejects{file: f, out: csv.NewWriter(f), path: path, json: header == nil}
	if r.json {
		header = []string{"row"}
	}
	return r, r.out.Write(append([]string{"reject_line", "reject_reason"}, header...))
}

func (r *rejects) add(bad badRow) {
	r.count++
	fields := bad.fields
	if r.json {
		fields = []string{bad.raw()}
	}
	// What fails is told by close.
	r.out.Write(append([]string{strconv.Itoa(bad.line), bad.reason}, fields...))
}

// close keeps the file only when something is in it.
func (r *rejects) close() error {
	r.out.Flush()
	err := errors.Join(r.out.Error(), r.file.Close())
	if r.count == 0 && err == nil {
		return os.Remove(r.path)
	}
	return err
}
