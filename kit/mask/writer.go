package mask

import "io"

// Writer masks what is written, a write at a time: for logs, which write lines.
func Writer(to io.Writer) io.Writer { return writer{to} }

type writer struct{ to io.Writer }

// Write implements io.Writer.
func (w writer) Write(p []byte) (int, error) {
	text := string(p)
	if !Has(text) {
		return w.to.Write(p)
	}
	if _, err := io.WriteString(w.to, Text(text)); err != nil {
		return 0, err
	}
	return len(p), nil
}
