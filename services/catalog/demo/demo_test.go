package demo_test

import (
	"io/fs"
	"testing"

	"github.com/souk-commerce/souk/services/catalog/demo"
)

func TestEverythingThatIsNamedIsThere(t *testing.T) {
	all, err := demo.Read()
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Categories) != 10 || len(all.Products) < 150 {
		t.Errorf("%d categories and %d products, want 10 and 150", len(all.Categories), len(all.Products))
	}
	named := map[string]bool{}
	slugs, skus, shelves := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range all.Categories {
		named[c.Image], shelves[c.Slug] = true, true
	}
	for _, p := range all.Products {
		if slugs[p.Slug] || !shelves[p.Category] || len(p.Images) == 0 || len(p.Variants) == 0 {
			t.Errorf("%s: twice, on no shelf, or without pictures or variants", p.Slug)
		}
		slugs[p.Slug] = true
		for _, i := range p.Images {
			named[i.File] = true
		}
		for _, v := range p.Variants {
			if skus[v.SKU] || len(v.Stock) != 2 {
				t.Errorf("%s: twice, or not in two locations", v.SKU)
			}
			skus[v.SKU] = true
			currencies := map[string]bool{}
			for _, price := range v.Prices {
				currencies[price.Currency] = price.Minor > 0
			}
			if !currencies["USD"] || !currencies["EUR"] {
				t.Errorf("%s: no price in USD or EUR", v.SKU)
			}
			if v.Image != nil {
				named[v.Image.File] = true
			}
		}
	}
	var size int64
	err = fs.WalkDir(demo.Pictures(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == "LICENSE" {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if size += info.Size(); !named[path] {
			t.Errorf("%s is shown nowhere", path)
		}
		delete(named, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for file := range named {
		t.Errorf("%s is named and not there", file)
	}
	if size > 10<<20 {
		t.Errorf("the pictures have %d bytes, want under 10 MB", size)
	}
}
