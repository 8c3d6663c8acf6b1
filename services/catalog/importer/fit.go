package importer

import (
	"net/url"
	"strings"

	"github.com/google/uuid"
	"github.com/gosimple/slug"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
)

// What the API takes at most. Longer things are cut, not refused: a merchant
// would rather have the product with a shorter text than not have it.
const (
	mostTitle       = 300
	mostSummary     = 1000
	mostDescription = 20000
	mostName        = 100
	mostValue       = 200
	mostFact        = 1000
	mostVariants    = 500
	mostFacts       = 100
	mostImages      = 50
	mostPictures    = 30 // of a variant
	mostTags        = 50
	mostLevels      = 8
	mostSKU         = 100
	mostURL         = 2000
)

func fit(req *catalogv1.BulkUpsertProductsRequest) {
	p := req.GetProduct()
	p.Title, p.Summary = shorten(p.Title, mostTitle), shorten(p.Summary, mostSummary)
	p.Description = shorten(strings.ToValidUTF8(p.Description, "\uFFFD"), mostDescription)
	if _, err := uuid.Parse(p.Slug); err == nil || len(p.Slug) > mostValue || !slug.IsSlug(p.Slug) || strings.Contains(p.Slug, "_") {
		p.Slug = "" // the shop makes one
	}
	req.BrandName = shorten(req.BrandName, mostValue)
	for i, name := range req.CategoryPath {
		req.CategoryPath[i] = shorten(name, mostValue)
	}
	if n := len(req.CategoryPath); n > mostLevels {
		req.CategoryPath = append(req.CategoryPath[:mostLevels-1:mostLevels-1], req.CategoryPath[n-1])
	}
	p.Tags = unique(p.Tags)
	p.Tags = p.Tags[:min(len(p.Tags), mostTags)]
	for i, t := range p.Tags {
		p.Tags[i] = shorten(t, mostName)
	}
	p.Attributes = p.Attributes[:min(len(p.Attributes), mostFacts)]
	p.Images = different(p.Images)
	p.Images = p.Images[:min(len(p.Images), mostImages)]
	for _, v := range p.Variants {
		v.Attributes = v.Attributes[:min(len(v.Attributes), mostFacts)]
		v.Images = v.Images[:min(len(v.Images), mostPictures)]
		if len(v.Barcode) > 64 {
			v.Barcode = ""
		}
	}
}

func fitSKU(sku string) string {
	return shortKey(line(sku), mostSKU)
}

func attributesOf(all []attribute) []*catalogv1.Attribute {
	var out []*catalogv1.Attribute
	for _, a := range unique(all) {
		out = append(out, &catalogv1.Attribute{Name: shorten(a.name, mostName), Value: shorten(a.value, mostFact)})
	}
	return out
}

// imagesOf keeps what can be an address of a picture.
func imagesOf(urls []string, alt string) []*catalogv1.Image {
	var out []*catalogv1.Image
	for _, u := range unique(urls) {
		if strings.HasPrefix(u, "//") {
			u = "https:" + u
		}
		u = strings.NewReplacer(" ", "%20", `"`, "%22", "<", "%3C", ">", "%3E", `\`, "%5C").Replace(u)
		parsed, err := url.Parse(u)
		if err != nil || len(u) > mostURL || parsed.User != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
			continue
		}
		out = append(out, &catalogv1.Image{Url: u, Alt: shorten(alt, 500)})
	}
	return out
}

func different(images []*catalogv1.Image) []*catalogv1.Image {
	var out []*catalogv1.Image
	seen := map[string]bool{}
	for _, i := range images {
		if !seen[i.GetUrl()] {
			seen[i.GetUrl()] = true
			out = append(out, i)
		}
	}
	return out
}
