// Package goodsrpc serves the catalog's API.
package goodsrpc

import (
	"connectrpc.com/connect"

	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/catalog/internal/goods"
)

// Each service of the API is a small type over the same desk.
type (
	products    struct{ desk *goods.Desk }
	admin       struct{ desk *goods.Desk }
	categories  struct{ desk *goods.Desk }
	collections struct{ desk *goods.Desk }
	brands      struct{ desk *goods.Desk }
)

// Mounts returns the handlers.
func Mounts(desk *goods.Desk, options ...connect.HandlerOption) []rpc.Mount {
	var all []rpc.Mount
	add := func(m rpc.Mount) { all = append(all, m) }
	path, handler := catalogv1connect.NewProductServiceHandler(products{desk}, options...)
	add(rpc.Mount{Path: path, Handler: handler})
	path, handler = catalogv1connect.NewProductAdminServiceHandler(admin{desk}, options...)
	add(rpc.Mount{Path: path, Handler: handler})
	path, handler = catalogv1connect.NewCategoryServiceHandler(categories{desk}, options...)
	add(rpc.Mount{Path: path, Handler: handler})
	path, handler = catalogv1connect.NewCollectionServiceHandler(collections{desk}, options...)
	add(rpc.Mount{Path: path, Handler: handler})
	path, handler = catalogv1connect.NewBrandServiceHandler(brands{desk}, options...)
	add(rpc.Mount{Path: path, Handler: handler})
	return all
}
