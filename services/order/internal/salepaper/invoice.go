package salepaper

import (
	"strconv"

	"github.com/souk-commerce/souk/services/order/internal/sale"
)

// Invoice implements sale.Printer: what was bought, its tax, and what went back.
func (p *Printer) Invoice(o sale.Order) ([]byte, error) {
	s := p.sheet("Invoice", o)
	seller := block{heading: "Seller"}
	seller.heading, seller.lines = p.seller[0], p.seller[1:]
	s.side(seller, block{"Bill to", addressOf(o.Billing)}, block{"Ship to", addressOf(o.Shipping)})
	columns := []column{{"Item", 80, "L"}, {"Quantity", 20, "R"}, {"Price", 25, "R"}, {"Tax", 20, "R"}, {"Amount", 25, "R"}}
	s.head(columns)
	for _, l := range o.Lines {
		if l.ExchangeOf != "" {
			continue // it was paid for by what came back
		}
		s.row(columns, named(l), strconv.FormatInt(l.Quantity, 10), l.UnitPrice.String(), l.Tax.String(), l.Total.String())
	}
	s.Ln(line / 2)
	sum := func(name, amount string) {
		s.row([]column{{"", 145, "R"}, {"", 25, "R"}}, name, amount)
	}
	for _, step := range o.Totals.Trace() {
		if !step.Included {
			sum(step.Label, step.Amount.String())
		}
	}
	s.bold()
	sum("Total", o.Totals.Total.String())
	s.plain()
	for _, step := range o.Totals.Trace() {
		if step.Included {
			sum(step.Label, step.Amount.String())
		}
	}
	for _, r := range o.Refunds {
		switch r.State {
		case sale.RefundDone:
			sum("Refunded on "+r.At.UTC().Format("2 January 2006"), "-"+r.Amount.String())
		case sale.RefundPending:
			sum("On its way back", "-"+r.Amount.String())
		}
	}
	if o.Captured {
		s.Ln(line)
		s.text("Paid: " + o.Payment)
	}
	return s.pdf()
}

// PackingSlip implements sale.Printer: what goes into a parcel, without prices.
func (p *Printer) PackingSlip(o sale.Order, units []sale.Units) ([]byte, error) {
	s := p.sheet("Packing slip", o)
	s.side(block{"Ship to", addressOf(o.Shipping)}, block{"Delivery", []string{o.Delivery.Name, o.Delivery.Promise}})
	columns := []column{{"Item", 140, "L"}, {"Quantity", 30, "R"}}
	s.head(columns)
	for _, u := range units {
		for _, l := range o.Lines {
			if l.ID == u.Line {
				s.row(columns, named(l), strconv.FormatInt(u.Units, 10))
			}
		}
	}
	return s.pdf()
}
