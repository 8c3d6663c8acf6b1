// Package product is the page of one product.
package product

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	catalogv1 "github.com/souk-commerce/souk/api/lite/souk/catalog/v1"
	inventoryv1 "github.com/souk-commerce/souk/api/lite/souk/inventory/v1"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/storefront/shelf"
	"github.com/souk-commerce/souk/web/storefront/state"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Page is what the page shows.
type Page struct {
	shop    *state.Shop
	env     *site.Env
	Product *catalogv1.Product
	// Stock is what can be promised by SKU; a SKU that is missing is unknown.
	Stock map[string]*inventoryv1.Availability
	// Variant is the one that is chosen.
	Variant *catalogv1.Variant
	// Picture is the index of the picture shown large.
	Picture int
	Units   int

	busy  bool
	wrong string
}

// Load gets the page.
func Load(shop *state.Shop) func(context.Context, *site.Env) (site.View, error) {
	return func(ctx context.Context, env *site.Env) (site.View, error) {
		answer, err := catalogv1.NewProductServiceClient(shop.Client).GetProduct(ctx, &catalogv1.GetProductRequest{Slug: env.Param("slug")})
		if err != nil {
			return nil, err
		}
		if slug := answer.GetProduct().GetSlug(); slug != env.Param("slug") {
			to := url.URL{Path: "/p/" + slug, RawQuery: env.URL.RawQuery}
			return nil, site.Redirect{To: to.String(), Permanent: true} // an old link
		}
		p := &Page{shop: shop, env: env, Product: answer.GetProduct(), Units: 1}
		p.Stock = loadStock(ctx, shop, p.Product)
		p.Variant = p.first(env.Query("variant"))
		return p, nil
	}
}

// loadStock asks what can be promised; the page is a page without it.
func loadStock(ctx context.Context, shop *state.Shop, product *catalogv1.Product) map[string]*inventoryv1.Availability {
	request := &inventoryv1.GetAvailabilityRequest{}
	for _, v := range product.GetVariants() {
		request.Skus = append(request.Skus, v.GetSku())
	}
	answer, err := inventoryv1.NewStockServiceClient(shop.Client).GetAvailability(ctx, request)
	if err != nil {
		return nil
	}
	stock := map[string]*inventoryv1.Availability{}
	for _, a := range answer.GetAvailabilities() {
		stock[a.GetSku()] = a
	}
	return stock
}

// first is the variant asked for, else the first that can be bought, else the first.
func (p *Page) first(sku string) *catalogv1.Variant {
	variants := p.Product.GetVariants()
	if i := slices.IndexFunc(variants, func(v *catalogv1.Variant) bool { return v.GetSku() == sku }); i >= 0 {
		return variants[i]
	}
	if i := slices.IndexFunc(variants, p.buyable); i >= 0 {
		return variants[i]
	}
	if len(variants) == 0 {
		return &catalogv1.Variant{}
	}
	return variants[0]
}

// buyable reports whether a variant has a price and stock, as far as known.
func (p *Page) buyable(v *catalogv1.Variant) bool {
	if shelf.PriceIn(v, p.shop.Currency) == nil {
		return false
	}
	stock, known := p.Stock[v.GetSku()]
	return !known || stock.GetAvailable() > 0 || stock.GetBackorder()
}

// most is how many units of the chosen variant may be asked for.
func (p *Page) most() int {
	stock, known := p.Stock[p.Variant.GetSku()]
	if !known || stock.GetBackorder() && stock.GetBackorderUnits() == 0 {
		return 99
	}
	return int(min(stock.GetAvailable()+stock.GetBackorderUnits(), 99))
}

// onOrder says when a variant ships that is not there yet. A day that has passed
// is no promise any more.
func onOrder(stock *inventoryv1.Availability, now time.Time) string {
	if at := stock.GetExpectedTime(); at != nil && at.AsTime().After(now) {
		return "On order: expected " + at.AsTime().UTC().Format("2 January 2006")
	}
	return "On order: ships when it is back"
}

// with returns the variant that differs from the chosen one in one option: the
// one whose other choices are nearest.
func (p *Page) with(option, value string) *catalogv1.Variant {
	var best *catalogv1.Variant
	score := -1
	for _, v := range p.Product.GetVariants() {
		if choice(v, option) != value {
			continue
		}
		same := 0
		for _, chosen := range p.Variant.GetOptionValues() {
			if choice(v, chosen.GetOption()) == chosen.GetValue() {
				same += 2
			}
		}
		if p.buyable(v) {
			same++
		}
		if same > score {
			best, score = v, same
		}
	}
	return best
}

func choice(v *catalogv1.Variant, option string) string {
	for _, chosen := range v.GetOptionValues() {
		if chosen.GetOption() == option {
			return chosen.GetValue()
		}
	}
	return ""
}

// images are the pictures of the chosen variant, then the product's.
func (p *Page) images() []*catalogv1.Image {
	images := slices.Clone(p.Variant.GetImages())
	for _, image := range p.Product.GetImages() {
		if !slices.ContainsFunc(images, func(i *catalogv1.Image) bool { return i.GetUrl() == image.GetUrl() }) {
			images = append(images, image)
		}
	}
	return images
}

// choose makes v the chosen variant; the address is the variant's from then on.
func (p *Page) choose(v *catalogv1.Variant) {
	p.Variant, p.Picture, p.wrong = v, 0, ""
	p.Units = max(1, min(p.Units, p.most()))
	p.env.Replace(p.address(v))
}

// add puts what is chosen into the cart.
func (p *Page) add() {
	if p.busy {
		return
	}
	p.busy, p.wrong = true, ""
	p.shop.Add(p.env, p.Variant.GetSku(), p.Units, func(err error) {
		p.busy = false
		if err != nil {
			p.wrong = rpc.Sentence(err)
			return
		}
		p.shop.Say(p.env, state.Toast{Sentence: p.Product.GetTitle() + " is in your cart.", Label: "View cart", Address: "/cart"})
	})
}

func (p *Page) address(v *catalogv1.Variant) string {
	return "/p/" + p.Product.GetSlug() + "?variant=" + url.QueryEscape(v.GetSku())
}

// Head implements site.View.
func (p *Page) Head() site.Head {
	product := p.Product
	head := site.Head{
		Title: product.GetTitle() + " · Souk", Description: describe(product), Canonical: "/p/" + product.GetSlug(), Kind: "product",
		Cache: site.Cache{Fresh: 10 * time.Second, Stale: time.Minute, Error: 24 * time.Hour},
		Keys:  []string{"product/" + product.GetId(), "categories"},
		Data:  []any{p.offer()},
	}
	if images := p.images(); len(images) > 0 {
		head.Image = images[0].GetUrl()
	}
	for _, v := range product.GetVariants() {
		head.Keys = append(head.Keys, "sku/"+v.GetSku())
	}
	return head
}

func describe(product *catalogv1.Product) string {
	if product.GetSummary() != "" {
		return product.GetSummary()
	}
	words := []rune(strings.Join(strings.Fields(product.GetDescription()), " "))
	if len(words) > 160 {
		return string(words[:159]) + "…"
	}
	return string(words)
}

// offer is the product for search engines.
func (p *Page) offer() any {
	product := p.Product
	var pictures []string
	for _, image := range p.images() {
		pictures = append(pictures, image.GetUrl())
	}
	var offers []any
	for _, v := range product.GetVariants() {
		price := shelf.PriceIn(v, p.shop.Currency)
		if price == nil {
			continue
		}
		availability := "https://schema.org/OutOfStock"
		if p.buyable(v) {
			availability = "https://schema.org/InStock"
		}
		offers = append(offers, map[string]any{
			"@type": "Offer", "sku": v.GetSku(), "price": component.Plain(price.GetAmount()), "priceCurrency": p.shop.Currency,
			"availability": availability, "url": p.address(v), "itemCondition": "https://schema.org/NewCondition",
		})
	}
	data := map[string]any{
		"@context": "https://schema.org", "@type": "Product", "name": product.GetTitle(), "description": describe(product),
		"image": pictures, "sku": p.Variant.GetSku(), "offers": offers,
	}
	if name := product.GetBrand().GetName(); name != "" {
		data["brand"] = map[string]any{"@type": "Brand", "name": name}
	}
	return data
}
