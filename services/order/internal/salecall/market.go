// Package salecall asks other services what a checkout needs.
package salecall

import (
	"context"
	"fmt"

	cartv1 "github.com/souk-commerce/souk/api/gen/souk/cart/v1"
	"github.com/souk-commerce/souk/api/gen/souk/cart/v1/cartv1connect"
	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/order/internal/sale"
)

// Market implements sale.Market: lines from the cart, prices from the catalog.
type Market struct {
	cart     cartv1connect.CartServiceClient
	products catalogv1connect.ProductServiceClient
}

// NewMarket returns a market that is found through the dialer.
func NewMarket(d *rpc.Dialer) *Market {
	cart, cartURL := d.Client("cart")
	catalog, catalogURL := d.Client("catalog")
	return &Market{
		cart:     cartv1connect.NewCartServiceClient(cart, cartURL, rpc.ClientOptions()...),
		products: catalogv1connect.NewProductServiceClient(catalog, catalogURL, rpc.ClientOptions()...),
	}
}

// Cart implements sale.Market.
func (m *Market) Cart(ctx context.Context, owner, currency string) ([]sale.Wanted, string, error) {
	resp, err := m.cart.GetCartFor(ctx, &cartv1.GetCartForRequest{Owner: owner, CurrencyCode: currency, LinesOnly: true})
	if err != nil {
		return nil, "", fmt.Errorf("ask cart: %w", rpc.FaultOf(err))
	}
	if currency == "" {
		currency = resp.GetCart().GetCurrencyCode()
	}
	var wanted []sale.Wanted
	for _, l := range resp.GetCart().GetLines() {
		wanted = append(wanted, sale.Wanted{SKU: l.GetSku(), Quantity: int64(l.GetQuantity())})
	}
	return wanted, currency, nil
}

// Offers implements sale.Market.
func (m *Market) Offers(ctx context.Context, skus []string, currency string) (map[string]sale.Line, error) {
	resp, err := m.products.BatchGetVariants(ctx, &catalogv1.BatchGetVariantsRequest{Skus: skus})
	if err != nil {
		return nil, fmt.Errorf("ask catalog: %w", rpc.FaultOf(err))
	}
	offers := map[string]sale.Line{}
	for _, v := range resp.GetVariants() {
		for _, p := range v.GetVariant().GetPrices() {
			if p.GetAmount().GetCurrencyCode() != currency {
				continue
			}
			offers[v.GetVariant().GetSku()] = sale.Line{
				SKU: v.GetVariant().GetSku(), ProductID: v.GetProductId(), Slug: v.GetProductSlug(), Title: v.GetProductTitle(), Variant: v.GetVariantTitle(),
				Image: v.GetImage().GetUrl(), UnitPrice: money.Of(currency, p.GetAmount().GetMinorUnits()),
			}
		}
	}
	return offers, nil
}
