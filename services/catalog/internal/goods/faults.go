package goods

import (
	"errors"
	"strings"

	"github.com/souk-commerce/souk/kit/fault"
)

// What can be wrong. The reasons are part of the API.
var (
	ErrNoProduct     = fault.New(fault.NotFound, "product_not_found", "There is no such product.")
	ErrNoCategory    = fault.New(fault.NotFound, "category_not_found", "There is no such category.")
	ErrNoCollection  = fault.New(fault.NotFound, "collection_not_found", "There is no such collection.")
	ErrNoBrand       = fault.New(fault.NotFound, "brand_not_found", "There is no such brand.")
	ErrSlugTaken     = fault.New(fault.Exists, "slug_taken", "This address is used already.")
	ErrSKUTaken      = fault.New(fault.Exists, "sku_taken", "This SKU belongs to another product.")
	ErrExternalTaken = fault.New(fault.Exists, "external_id_taken", "Another product has this external id.")
	ErrCategoryTaken = fault.New(fault.Exists, "category_taken", "There is a category of this name at the same place.")
	ErrBrandTaken    = fault.New(fault.Exists, "brand_taken", "There is a brand of this name already.")
	ErrChanged       = fault.New(fault.Raced, "product_changed", "Somebody has changed this product meanwhile; read it again.")
	ErrPageToken     = fault.New(fault.Invalid, "page_token", "This page token is not one of ours, or belongs to another list.")
)

var (
	errProduct    = fault.New(fault.Invalid, "product_invalid", "The product has mistakes.")
	errCategory   = fault.New(fault.Invalid, "category_invalid", "The category has mistakes.")
	errCollection = fault.New(fault.Invalid, "collection_invalid", "The collection has mistakes.")
	errBrand      = fault.New(fault.Invalid, "brand_invalid", "The brand has mistakes.")
)

// Within returns err with the paths of its fields below prefix: the same mistake,
// told about a larger message.
func Within(prefix string, err error) error {
	f, ok := fault.As(err)
	if !ok || len(f.Fields) == 0 {
		return err
	}
	out := *f
	out.Fields = make([]fault.Field, len(f.Fields))
	for i, field := range f.Fields {
		out.Fields[i] = fault.Field{Path: prefix + "." + field.Path, Sentence: field.Sentence}
	}
	return &out
}

// Explain writes an error for a report that people read, fields and all. What
// is not a fault stays with us.
func Explain(err error) string {
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind == fault.Internal {
		return "something went wrong on our side; please try again"
	}
	if len(f.Fields) == 0 {
		return f.Sentence
	}
	var text strings.Builder
	for i, field := range f.Fields {
		if i > 0 {
			text.WriteString("; ")
		}
		text.WriteString(field.Path + ": " + field.Sentence)
	}
	return text.String()
}
