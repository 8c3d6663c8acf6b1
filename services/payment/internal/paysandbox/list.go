package paysandbox

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/services/payment/internal/pay"
	"github.com/souk-commerce/souk/services/payment/sandbox"
)

const (
	pageSize = "500"
	pageTime = 30 * time.Second
)

// List implements pay.Provider.
func (p *Provider) List(ctx context.Context, from, to time.Time) iter.Seq2[pay.Entry, error] {
	return func(yield func(pay.Entry, error) bool) {
		query := url.Values{"created_from": {from.Format(time.RFC3339Nano)}, "created_to": {to.Format(time.RFC3339Nano)}, "limit": {pageSize}}
		for {
			page, err := p.page(ctx, query)
			if err != nil {
				yield(pay.Entry{}, err)
				return
			}
			for _, l := range page.Payments {
				if !yield(pay.Entry{Payment: l.Reference, Amount: money.Of(l.Currency, l.Amount), Report: report(l.Payment), Created: l.Created}, nil) {
					return
				}
				query.Set("after", l.Created.Format(time.RFC3339Nano))
				query.Set("after_id", l.ID)
			}
			if !page.More {
				return
			}
		}
	}
}

func (p *Provider) page(ctx context.Context, query url.Values) (page sandbox.List, err error) {
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	err = p.ask(ctx, http.MethodGet, sandbox.PaymentsPath+"?"+query.Encode(), nil, &page)
	return page, err
}
