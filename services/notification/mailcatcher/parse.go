package mailcatcher

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"time"
	"unicode/utf8"
)

// Mail is a mail, read.
type Mail struct {
	From, To, Subject string
	Date              time.Time
	Text, HTML        string
	// The head as it came.
	Header string
}

const (
	mostDepth = 8
	mostParts = 100
)

// Parse reads a mail as far as it can be read: what is no mail at all is text.
func Parse(raw []byte) Mail {
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Mail{Text: utf(raw)}
	}
	head, _, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !found {
		head, _, _ = bytes.Cut(raw, []byte("\n\n"))
	}
	out := Mail{
		From: decoded(m.Header.Get("From")), To: decoded(m.Header.Get("To")), Subject: decoded(m.Header.Get("Subject")), Header: utf(head),
	}
	if date, err := m.Header.Date(); err == nil {
		out.Date = date.UTC()
	}
	p := parser{mail: &out}
	p.part(textproto.MIMEHeader(m.Header), m.Body, 0)
	return out
}

type parser struct {
	mail  *Mail
	parts int
}

// part takes the first text and the first HTML of a mail; attachments are not shown.
func (p *parser) part(h textproto.MIMEHeader, body io.Reader, depth int) {
	if p.parts++; p.parts > mostParts || depth > mostDepth {
		return
	}
	kind, parameters, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") && parameters["boundary"] != "" {
		p.many(multipart.NewReader(body, parameters["boundary"]), depth)
		return
	}
	if disposition, _, _ := mime.ParseMediaType(h.Get("Content-Disposition")); disposition == "attachment" {
		return
	}
	switch {
	case kind == "text/html" && p.mail.HTML == "":
		p.mail.HTML = content(h, body, parameters["charset"])
	case kind == "text/plain" && p.mail.Text == "":
		p.mail.Text = content(h, body, parameters["charset"])
	}
}

func (p *parser) many(parts *multipart.Reader, depth int) {
	for p.parts <= mostParts {
		part, err := parts.NextRawPart()
		if err != nil {
			return // the end, or the end of what can be read
		}
		p.part(part.Header, part, depth+1)
	}
}

func content(h textproto.MIMEHeader, body io.Reader, charset string) string {
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, _ := io.ReadAll(io.LimitReader(body, mostBytes)) // as far as it can be read
	if strings.EqualFold(charset, "iso-8859-1") {
		letters := make([]rune, len(text))
		for i, b := range text {
			letters[i] = rune(b)
		}
		return string(letters)
	}
	return utf(text)
}

func utf(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	return strings.ToValidUTF8(string(text), "�")
}

func decoded(header string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		text = header
	}
	return utf([]byte(text))
}
