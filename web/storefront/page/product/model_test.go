package product

import (
	"testing"
	"time"

	"github.com/aperturerobotics/protobuf-go-lite/types/known/timestamppb"

	catalogv1 "github.com/souk-commerce/souk/api/lite/souk/catalog/v1"
	inventoryv1 "github.com/souk-commerce/souk/api/lite/souk/inventory/v1"
)

func TestNoMoreCanBeAskedForThanIsPromised(t *testing.T) {
	for _, c := range []struct {
		name  string
		stock *inventoryv1.Availability
		want  int
	}{
		{"what is there", &inventoryv1.Availability{Available: 4}, 4},
		{"no more than a cart takes", &inventoryv1.Availability{Available: 400}, 99},
		{"without an end when more may be ordered", &inventoryv1.Availability{Available: 4, Backorder: true}, 99},
		{"up to the limit of what may be ordered", &inventoryv1.Availability{Available: 4, Backorder: true, BackorderUnits: 3}, 7},
		{"without an end when nobody knows", nil, 99},
	} {
		p := &Page{Variant: &catalogv1.Variant{Sku: "MUG"}, Stock: map[string]*inventoryv1.Availability{}}
		if c.stock != nil {
			p.Stock["MUG"] = c.stock
		}
		if got := p.most(); got != c.want {
			t.Errorf("%s: %d; want %d", c.name, got, c.want)
		}
	}
}

func TestShoppersSeeWhenItIsExpected(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name     string
		expected time.Time
		want     string
	}{
		{"a day to come", now.AddDate(0, 0, 10), "On order: expected 14 May 2026"},
		{"a day that has passed", now.AddDate(0, 0, -1), "On order: ships when it is back"},
		{"nobody knows", time.Time{}, "On order: ships when it is back"},
	} {
		stock := &inventoryv1.Availability{Backorder: true}
		if !c.expected.IsZero() {
			stock.ExpectedTime = timestamppb.New(c.expected)
		}
		if got := onOrder(stock, now); got != c.want {
			t.Errorf("%s: %q; want %q", c.name, got, c.want)
		}
	}
}
