// Package basketcall asks the catalog and the inventory what a cart shows.
package basketcall

import (
	"context"
	"fmt"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/cart/internal/basket"
)

// Market implements basket.Catalog and basket.Inventory.
type Market struct {
	products catalogv1connect.ProductServiceClient
	stock    inventoryv1connect.StockServiceClient
}

// New returns a market that is found through the dialer.
func New(dialer *rpc.Dialer) *Market {
	catalog, catalogURL := dialer.Client("catalog")
	inventory, inventoryURL := dialer.Client("inventory")
	return &Market{
		products: catalogv1connect.NewProductServiceClient(catalog, catalogURL, rpc.ClientOptions()...),
		stock:    inventoryv1connect.NewStockServiceClient(inventory, inventoryURL, rpc.ClientOptions()...),
	}
}

// Offers implements basket.Catalog.
func (m *Market) Offers(ctx context.Context, skus []basket.SKU) (map[basket.SKU]basket.Offer, error) {
	resp, err := m.products.BatchGetVariants(ctx, &catalogv1.BatchGetVariantsRequest{Skus: plain(skus)})
	if err != nil {
		return nil, closed("catalog", err)
	}
	offers := map[basket.SKU]basket.Offer{}
	for _, v := range resp.GetVariants() {
		offers[basket.SKU(v.GetVariant().GetSku())] = toOffer(v)
	}
	return offers, nil
}

// Stock implements basket.Inventory.
func (m *Market) Stock(ctx context.Context, skus []basket.SKU) (map[basket.SKU]basket.Stock, error) {
	resp, err := m.stock.GetAvailability(ctx, &inventoryv1.GetAvailabilityRequest{Skus: plain(skus)})
	if err != nil {
		return nil, closed("inventory", err)
	}
	stock := map[basket.SKU]basket.Stock{}
	for _, a := range resp.GetAvailabilities() {
		stock[basket.SKU(a.GetSku())] = basket.Stock{Available: a.GetAvailable(), Backorder: a.GetBackorder(), Left: a.GetBackorderUnits()}
	}
	return stock, nil
}

// closed keeps the words of another service's error only: what it means to our
// caller is for the heart to say.
func closed(service string, err error) error { return fmt.Errorf("ask %s: %v", service, err) }

func plain(skus []basket.SKU) []string {
	out := make([]string, len(skus))
	for i, sku := range skus {
		out[i] = string(sku)
	}
	return out
}

func toOffer(v *catalogv1.SellableVariant) basket.Offer {
	o := basket.Offer{
		Ware: basket.Ware{
			ProductID: v.GetProductId(), Slug: v.GetProductSlug(), Title: v.GetProductTitle(), Variant: v.GetVariantTitle(), Image: v.GetImage().GetUrl(),
		},
		Prices: map[string]basket.Price{},
	}
	for _, p := range v.GetVariant().GetPrices() {
		o.Prices[p.GetAmount().GetCurrencyCode()] = basket.Price{Amount: toAmount(p.GetAmount()), CompareAt: toAmount(p.GetCompareAt())}
	}
	return o
}

func toAmount(m *typev1.Money) money.Amount { return money.Of(m.GetCurrencyCode(), m.GetMinorUnits()) }
