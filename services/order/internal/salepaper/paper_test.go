package salepaper_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ledongthuc/pdf"

	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/services/order/internal/sale"
	"github.com/souk-commerce/souk/services/order/internal/salepaper"
)

func read(t *testing.T, raw []byte) (text string, pages int) {
	t.Helper()
	r, err := pdf.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := r.GetPlainText()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(plain); err != nil {
		t.Fatal(err)
	}
	return b.String(), r.NumPage()
}

func order(lines int) sale.Order {
	none := money.Of("EUR", 0)
	o := sale.Order{
		Number: "7KQ2-M9XD", Created: time.Date(2026, 10, 25, 12, 0, 0, 0, time.UTC),
		Totals:  sale.Totals{Items: none, Shipping: none, Tax: none, Total: none, Included: money.Of("EUR", 319), Rate: 1900},
		Billing: sale.Address{Name: "Zoë Müller-Łukasiewicz 山田 🎈", Line1: strings.Repeat("Long Street ", 30), City: "Αθήνα", Country: "GR"},
	}
	for n := range lines {
		o.Lines = append(o.Lines, sale.Line{
			ID: fmt.Sprint(n + 1), SKU: fmt.Sprintf("SKU-%03d", n), Title: "A title " + strings.Repeat("that goes on ", n%20), Quantity: 1,
			UnitPrice: money.Of("EUR", 100), Total: money.Of("EUR", 100), Tax: money.Of("EUR", 16),
		})
	}
	return o
}

func TestInvoiceOfManyLines(t *testing.T) {
	raw, err := salepaper.New("Souk|1 Market Square|Athens").Invoice(order(200))
	if err != nil {
		t.Fatal(err)
	}
	text, pages := read(t, raw)
	if pages < 5 {
		t.Errorf("200 lines on %d pages", pages)
	}
	for n := range 200 {
		if sku := fmt.Sprintf("SKU-%03d", n); strings.Count(text, sku) != 1 {
			t.Errorf("%s stands %d times on the invoice", sku, strings.Count(text, sku))
		}
	}
	for _, part := range []string{"1 Market Square", "Zoë Müller-", "ukasiewicz ?? ?", "Tax 19 %, included", "3.19"} {
		if !strings.Contains(text, part) {
			t.Errorf("the invoice does not tell %q", part)
		}
	}
	if n := strings.Count(text, "Quantity"); n != pages && n != pages-1 {
		t.Errorf("the heads of the columns stand %d times on %d pages", n, pages)
	}
}

func TestTheSameOrderIsTheSamePaper(t *testing.T) {
	p := salepaper.New("Souk")
	first, err := p.Invoice(order(3))
	if err != nil {
		t.Fatal(err)
	}
	for range 30 { // as maps are walked in any order
		again, err := p.Invoice(order(3))
		if err != nil || !bytes.Equal(first, again) {
			t.Fatalf("two invoices of one order differ, %v", err)
		}
	}
}

// What shoppers write goes on paper as text, whatever it is.
func FuzzInvoice(f *testing.F) {
	f.Add("Ada", "1 Main St")
	f.Add("\x00\xff\r\n(){}<<>>\\", strings.Repeat("x", 3000))
	p := salepaper.New("Souk")
	f.Fuzz(func(t *testing.T, name, title string) {
		if len(title) > 5000 {
			t.Skip()
		}
		o := order(1)
		o.Billing.Name, o.Lines[0].Title = name, title
		if _, err := p.Invoice(o); err != nil {
			t.Fatal(err)
		}
	})
}
