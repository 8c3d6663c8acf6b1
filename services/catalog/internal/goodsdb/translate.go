package goodsdb

import (
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/catalog/internal/goods"
)

// taken is what a duplicate of each constraint means. Mostly the heart has seen
// it before; what is left is two people at the same moment.
var taken = map[string]error{
	"products_slug_key":     goods.ErrSlugTaken,
	"categories_slug_key":   goods.ErrSlugTaken,
	"collections_slug_key":  goods.ErrSlugTaken,
	"brands_slug_key":       goods.ErrSlugTaken,
	"products_external_key": goods.ErrExternalTaken,
	"variants_pkey":         goods.ErrSKUTaken,
	"categories_place_key":  goods.ErrCategoryTaken,
	"brands_name_key":       goods.ErrBrandTaken,
}

func translate(err error) error {
	if constraint, ok := crdb.Unique(err); ok {
		if fault, known := taken[constraint]; known {
			return fault
		}
	}
	return err
}

// retryTaken runs f again when somebody took a slug, a name or a place between
// our looking and our writing: the second look sees them.
func retryTaken[T any](f func() (T, error)) (T, error) {
	for tries := 1; ; tries++ {
		result, err := f()
		if _, duplicate := crdb.Unique(err); !duplicate || tries == 3 {
			return result, err
		}
	}
}
