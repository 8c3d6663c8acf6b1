package mail

import (
	"bytes"
	"embed"
	"fmt"
	html "html/template"
	"io"
	"net/url"
	"strings"
	text "text/template"
	"time"

	"github.com/souk-commerce/souk/api/money"
)

//go:embed template
var files embed.FS

// Shop is whose mail it is.
type Shop struct {
	Name string
	// Where links lead: "https://shop.example".
	URL string
}

// Message is a letter, written.
type Message struct{ Subject, HTML, Text string }

// subjects has a format for every template; what is filled in is the order's
// number, or the shop's name where there is no order.
var subjects = map[Template]string{
	Welcome:           "Welcome to %s",
	OrderConfirmation: "Thank you for your order %s",
	Shipped:           "Your order %s is on its way",
	Delivered:         "Your order %s has arrived",
	Cancelled:         "Your order %s is cancelled",
}

// Writer writes letters in the shop's name.
type Writer struct {
	shop  Shop
	html  map[Template]*html.Template
	texts map[Template]*text.Template
}

// NewWriter returns a writer. It panics when the embedded templates are wrong.
func NewWriter(shop Shop) *Writer {
	shop.Name, shop.URL = plain(shop.Name), strings.TrimRight(shop.URL, "/")
	w := &Writer{shop: shop, html: map[Template]*html.Template{}, texts: map[Template]*text.Template{}}
	helpers := map[string]any{"price": price, "date": date}
	for t := range subjects {
		w.html[t] = html.Must(html.New("layout.html").Funcs(helpers).ParseFS(files, "template/layout.html", "template/order.html", "template/"+string(t)+".html"))
		w.texts[t] = text.Must(text.New("layout.txt").Funcs(helpers).ParseFS(files, "template/layout.txt", "template/order.txt", "template/"+string(t)+".txt"))
	}
	return w
}

// page is what templates see.
type page struct {
	Shop    Shop
	Subject string
	Letter
}

// OrderURL is where the order can be followed.
func (p page) OrderURL() string { return p.Shop.URL + "/orders/" + url.PathEscape(p.Order.Number) }

// Write writes a letter.
func (w *Writer) Write(l Letter) (Message, error) {
	subject, ok := subjects[l.Template]
	if !ok {
		return Message{}, ErrTemplate.About("template", plain(string(l.Template)))
	}
	p := page{Shop: w.shop, Letter: l.tidy()}
	if l.Template == Welcome {
		p.Subject = fmt.Sprintf(subject, p.Shop.Name)
	} else {
		p.Subject = fmt.Sprintf(subject, p.Order.Number)
	}
	rich, err := fill(w.html[l.Template], p)
	if err != nil {
		return Message{}, err
	}
	bare, err := fill(w.texts[l.Template], p)
	if err != nil {
		return Message{}, err
	}
	return Message{Subject: p.Subject, HTML: rich, Text: bare}, nil
}

func fill(t interface{ Execute(io.Writer, any) error }, p page) (string, error) {
	var out bytes.Buffer
	if err := t.Execute(&out, p); err != nil {
		return "", fmt.Errorf("write %s: %w", p.Template, err)
	}
	return out.String(), nil
}

func price(a money.Amount) string { return a.String() }

func date(t time.Time) string { return t.UTC().Format("2 January 2006") }
