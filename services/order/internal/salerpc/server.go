// Package salerpc answers Connect calls about checkouts and orders.
package salerpc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/souk-commerce/souk/api/gen/souk/order/v1/orderv1connect"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/order/internal/sale"
)

// Mounts returns the handlers of the service's three APIs.
func Mounts(desk *sale.Desk, options ...connect.HandlerOption) []rpc.Mount {
	var mounts []rpc.Mount
	add := func(path string, h http.Handler) { mounts = append(mounts, rpc.Mount{Path: path, Handler: h}) }
	add(orderv1connect.NewCheckoutServiceHandler(checkouts{desk}, options...))
	add(orderv1connect.NewOrderServiceHandler(orders{desk}, options...))
	add(orderv1connect.NewOrderAdminServiceHandler(admin{desk}, options...))
	return mounts
}

// owners are whose things the caller may see: their own, and those of the guest
// that they were before signing in.
func owners(ctx context.Context) sale.Owners {
	c := rpc.Caller(ctx)
	if c.Guest != "" && c.Guest != c.Subject {
		return sale.Owners{c.Subject, c.Guest}
	}
	return sale.Owners{c.Subject}
}

const defaultPage = 20

func toPage(size int32, token string) (sale.Page, error) {
	p := sale.Page{Size: int(size)}
	if p.Size == 0 {
		p.Size = defaultPage
	}
	if token == "" {
		return p, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(text, &p.After)
	}
	if err != nil || p.After == nil {
		return p, sale.ErrPageToken
	}
	id, err := uuid.Parse(p.After.ID)
	if err != nil {
		return p, sale.ErrPageToken
	}
	p.After.ID = id.String() // it has several spellings, and the database knows one
	return p, nil
}

func nextToken(p sale.Page, orders []sale.Order) string {
	if len(orders) < p.Size {
		return ""
	}
	last := orders[len(orders)-1]
	text, err := json.Marshal(sale.Cursor{Created: last.Created, ID: last.ID})
	if err != nil {
		panic(err) // a time and a string
	}
	return base64.RawURLEncoding.EncodeToString(text)
}
