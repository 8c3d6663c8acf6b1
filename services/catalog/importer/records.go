package importer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// row is a record of the file.
type row struct {
	line   int
	fields []string // as they are in the file, for the rejects
	header *header
}

// header knows where columns are.
type header struct {
	names []string
	at    map[string]int
	nulls map[string]bool
}

func newHeader(names, nulls []string) *header {
	h := &header{names: names, at: map[string]int{}, nulls: map[string]bool{}}
	for _, n := range nulls {
		h.nulls[n] = true
	}
	for i, n := range names {
		h.add(n, i)
	}
	return h
}

func (h *header) add(name string, at int) {
	key := strings.ToLower(strings.TrimSpace(name))
	if _, twice := h.at[key]; !twice {
		h.at[key] = at
	}
}

func (h *header) has(column string) bool {
	_, ok := h.at[strings.ToLower(strings.TrimSpace(column))]
	return ok
}

// cell is what stands in a column: trimmed, and empty for null and for columns
// that are not there.
func (r row) cell(column string) string {
	i, ok := r.header.at[strings.ToLower(strings.TrimSpace(column))]
	if !ok || i >= len(r.fields) {
		return ""
	}
	text := strings.TrimSpace(r.fields[i])
	if r.header.nulls[text] {
		return ""
	}
	return text
}

// badRow is a record that cannot be read.
type badRow struct {
	row
	reason string
}

func (b *badRow) Error() string { return fmt.Sprintf("line %d: %s", b.line, b.reason) }

// records reads a file one record after the other. Next returns io.EOF at the
// end, and a *badRow for what it passes over.
type records interface {
	Next() (row, error)
	Header() []string
	io.Closer
}

// longestLine and longestRecord keep a broken file from filling the memory.
const (
	longestLine   = 16 << 20
	longestRecord = 2000 // lines
)

// openRecords opens .csv and .jsonl files, gzipped or not.
func openRecords(path string, m *Mapping) (records, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewReaderSize(f, 256<<10)
	var in io.Reader = buffered
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		if in, err = gzip.NewReader(buffered); err != nil {
			f.Close()
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	in = decoded(in, strings.ToLower(m.Encoding))
	name := strings.TrimSuffix(strings.ToLower(filepath.Base(path)), ".gz")
	var all records
	switch filepath.Ext(name) {
	case ".jsonl", ".ndjson":
		all = &jsonRecords{lines: newLines(in), close: f.Close, header: newHeader(nil, m.Nulls)}
	case ".csv", ".tsv", ".txt":
		delimiter := m.Delimiter
		if delimiter == "" && filepath.Ext(name) == ".tsv" {
			delimiter = "\t"
		}
		all, err = newCSV(in, delimiter, m.Nulls, f.Close)
	default:
		err = errors.New("only .csv, .tsv and .jsonl files, and those with .gz behind them, can be imported")
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

// lines reads lines, and takes them back.
type lines struct {
	in   *bufio.Reader
	back []string
	read int // lines that were taken and not given back
}

func newLines(in io.Reader) *lines {
	l := &lines{in: bufio.NewReaderSize(in, 256<<10)}
	if bom, _ := l.in.Peek(3); string(bom) == byteOrderMark {
		l.in.Discard(3)
	}
	return l
}

var errLong = fmt.Errorf("a line is longer than %d MB", longestLine>>20)

func (l *lines) next() (string, error) {
	if n := len(l.back); n > 0 {
		line := l.back[n-1]
		l.back = l.back[:n-1]
		l.read++
		return line, nil
	}
	var line []byte
	for {
		part, err := l.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > longestLine:
			return "", errLong
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == io.EOF && len(line) > 0, err == nil:
			l.read++
			return string(line), nil
		}
		return "", err
	}
}

func (l *lines) unread(all []string) {
	for i := len(all) - 1; i >= 0; i-- {
		l.back = append(l.back, all[i])
	}
	l.read -= len(all)
}

// csvRecords finds its way back after a broken record: when quotes do not match,
// only the line on which the record began is lost, not all that follow.
type csvRecords struct {
	lines  *lines
	comma  rune
	header *header
	close  func() error
}

func newCSV(in io.Reader, delimiter string, nulls []string, close func() error) (*csvRecords, error) {
	c := &csvRecords{lines: newLines(in), comma: ',', close: close}
	if delimiter != "" {
		c.comma, _ = utf8.DecodeRuneInString(delimiter)
	}
	var names []string
	for blank := true; blank; {
		var err error
		if names, blank, err = c.record(0); err == io.EOF {
			return nil, errors.New("the file is empty")
		} else if err != nil {
			return nil, fmt.Errorf("header: %w", err)
		}
	}
	if slices.ContainsFunc(names, func(n string) bool { return strings.ContainsRune(n, '\r') }) {
		return nil, errors.New("its lines end in CR alone, as in old Macs; save it with other line ends")
	}
	if !allText(names) {
		return nil, errors.New(notText)
	}
	c.header = newHeader(names, nulls)
	return c, nil
}

func (c *csvRecords) Header() []string { return c.header.names }

func (c *csvRecords) Close() error { return c.close() }

func (c *csvRecords) Next() (row, error) {
	for {
		line := c.lines.read + 1
		fields, blank, err := c.record(len(c.header.names))
		if blank {
			continue
		}
		r := row{line: line, fields: fields, header: c.header}
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			return r, &badRow{r, "the quotes of this line do not match"}
		}
		if errors.Is(err, errWidth) {
			return r, &badRow{r, fmt.Sprintf("%d fields where the header has %d", len(fields), len(c.header.names))}
		}
		if err == nil && !allText(fields) {
			return r, &badRow{r, notText}
		}
		return r, err
	}
}

const notText = "this is not UTF-8; if the file is written in another encoding, name it in the mapping"

func allText(fields []string) bool {
	return !slices.ContainsFunc(fields, func(f string) bool { return !utf8.ValidString(f) })
}

var errWidth = errors.New("wrong number of fields")

// record reads one record; width 0 takes any number of fields.
func (c *csvRecords) record(width int) (fields []string, blank bool, err error) {
	first, err := c.lines.next()
	if err != nil {
		return nil, false, err
	}
	if strings.TrimSpace(first) == "" {
		return nil, true, nil
	}
	text := []string{first}
	quotes := strings.Count(first, `"`)
	for quotes%2 == 1 && len(text) < longestRecord {
		line, err := c.lines.next()
		if err != nil {
			break // the end, or something that the next call tells again
		}
		text = append(text, line)
		quotes += strings.Count(line, `"`)
	}
	fields, err = c.parse(strings.Join(text, ""), false, width)
	if err == nil {
		return fields, false, nil
	}
	c.lines.unread(text[1:])
	if relaxed, again := c.parse(first, true, width); again == nil {
		return relaxed, false, nil // a stray quote, but all fields are there
	}
	if len(fields) == 0 {
		fields = []string{strings.TrimRight(first, "\r\n")}
	}
	return fields, false, err
}

func (c *csvRecords) parse(text string, lazy bool, width int) ([]string, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = c.comma, -1, lazy
	fields, err := r.Read()
	if err == io.EOF {
		return nil, &csv.ParseError{Err: csv.ErrQuote}
	}
	if err != nil {
		return nil, err
	}
	if width > 0 && len(fields) != width {
		return fields, errWidth
	}
	if _, err := r.Read(); err != io.EOF {
		return fields, &csv.ParseError{Err: csv.ErrQuote}
	}
	return fields, nil
}

// jsonRecords reads one JSON object from each line; its fields are columns.
type jsonRecords struct {
	lines  *lines
	header *header
	close  func() error
}

func (j *jsonRecords) Header() []string { return nil }

func (j *jsonRecords) Close() error { return j.close() }

func (j *jsonRecords) Next() (row, error) {
	for {
		text, err := j.lines.next()
		if err != nil {
			return row{}, err
		}
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		r := row{line: j.lines.read, fields: []string{text}, header: newHeader(nil, nil)}
		if !utf8.ValidString(text) {
			return r, &badRow{r, notText}
		}
		v, err := decodeJSON(text)
		object, ok := v.(map[string]any)
		if err != nil || !ok {
			return r, &badRow{r, "this line is not a JSON object"}
		}
		r.header.nulls = j.header.nulls
		for _, name := range slices.Sorted(maps.Keys(object)) {
			if t, ok := jsonText(object[name]); ok {
				r.header.add(name, len(r.fields))
				r.fields = append(r.fields, t)
			}
		}
		return r, nil
	}
}
