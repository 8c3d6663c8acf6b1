package findbleve

import (
	"context"

	"github.com/blevesearch/bleve/v2"
)

// Page is the first page of what a text means to Bleve, and nothing around it.
func (e *Engine) Page(ctx context.Context, text string) (total int, err error) {
	found, err := e.index.SearchInContext(ctx, bleve.NewSearchRequestOptions(e.meaning(text, true), 24, 0, false))
	if err != nil {
		return 0, err
	}
	return int(found.Total), nil
}
