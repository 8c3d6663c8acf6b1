package main

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/run"
	"github.com/souk-commerce/souk/services/account"
	"github.com/souk-commerce/souk/services/cart"
	"github.com/souk-commerce/souk/services/catalog"
	"github.com/souk-commerce/souk/services/inventory"
	"github.com/souk-commerce/souk/services/notification"
	"github.com/souk-commerce/souk/services/order"
	"github.com/souk-commerce/souk/services/payment"
	"github.com/souk-commerce/souk/services/payment/sandbox"
	"github.com/souk-commerce/souk/services/search"
)

// serviceConfig is the services' own settings.
type serviceConfig struct {
	Account      account.Config      `embed:"" prefix:"account-" group:"account"`
	Cart         cart.Config         `embed:"" prefix:"cart-" group:"cart"`
	Inventory    inventory.Config    `embed:"" prefix:"inventory-" group:"inventory"`
	Notification notification.Config `embed:"" prefix:"notification-" group:"notification"`
	Order        order.Config        `embed:"" prefix:"order-" group:"order"`
	Payment      payment.Config      `embed:"" prefix:"payment-" group:"payment"`
}

// service is a part that answers calls.
type service interface {
	run.Part
	Handlers() []rpc.Mount
}

// room is how a service is opened, by its name.
type room struct {
	name       string
	migrations fs.FS
	open       func(ctx context.Context, c serviceConfig, p *platform, db *crdb.DB) (service, error)
}

// rooms are all services, in the order in which they lean on each other.
var rooms = []room{
	{"account", account.Migrations(), func(ctx context.Context, c serviceConfig, p *platform, db *crdb.DB) (service, error) {
		return account.Open(ctx, c.Account, account.Deps{DB: db, Bus: p.bus, RPC: p.rpc("account"), Clock: p.clock, Log: p.log})
	}},
	{"catalog", catalog.Migrations(), func(ctx context.Context, _ serviceConfig, p *platform, db *crdb.DB) (service, error) {
		return catalog.Open(ctx, catalog.Config{}, catalog.Deps{DB: db, Bus: p.bus, RPC: p.rpc("catalog"), Dialer: p.dial("catalog"), Clock: p.clock, Log: p.log})
	}},
	{"inventory", inventory.Migrations(), func(ctx context.Context, c serviceConfig, p *platform, db *crdb.DB) (service, error) {
		return inventory.Open(ctx, c.Inventory, inventory.Deps{DB: db, Bus: p.bus, RPC: p.rpc("inventory"), Clock: p.clock, Log: p.log})
	}},
	{"search", search.Migrations(), func(ctx context.Context, _ serviceConfig, p *platform, db *crdb.DB) (service, error) {
		return search.Open(ctx, search.Config{}, search.Deps{DB: db, Bus: p.bus, RPC: p.rpc("search"), Dialer: p.dial("search"), Log: p.log})
	}},
	{"cart", cart.Migrations(), func(ctx context.Context, c serviceConfig, p *platform, db *crdb.DB) (service, error) {
		return cart.Open(ctx, c.Cart, cart.Deps{DB: db, Bus: p.bus, RPC: p.rpc("cart"), Dialer: p.dial("cart"), Clock: p.clock, Log: p.log})
	}},
	{"payment", payment.Migrations(), func(ctx context.Context, c serviceConfig, p *platform, db *crdb.DB) (service, error) {
		return payment.Open(ctx, c.Payment, payment.Deps{DB: db, Bus: p.bus, RPC: p.rpc("payment"), Clock: p.clock, Log: p.log})
	}},
	{"order", order.Migrations(), func(ctx context.Context, c serviceConfig, p *platform, db *crdb.DB) (service, error) {
		return order.Open(ctx, c.Order, order.Deps{DB: db, Bus: p.bus, RPC: p.rpc("order"), Dialer: p.dial("order"), Clock: p.clock, Log: p.log})
	}},
	{"notification", notification.Migrations(), func(ctx context.Context, c serviceConfig, p *platform, db *crdb.DB) (service, error) {
		return notification.Open(ctx, c.Notification, notification.Deps{DB: db, Bus: p.bus, RPC: p.rpc("notification"), Clock: p.clock, Log: p.log})
	}},
}

// sandboxRoom is the payment provider of a shop on a laptop; it is no service.
const sandboxRoom = "sandbox"

func roomNames() []string {
	var names []string
	for _, r := range rooms {
		names = append(names, r.name)
	}
	return names
}

func findRoom(name string) (room, error) {
	for _, r := range rooms {
		if r.name == name {
			return r, nil
		}
	}
	if name == sandboxRoom {
		return room{name: sandboxRoom, migrations: sandbox.Migrations()}, nil
	}
	return room{}, fmt.Errorf("there is no service %q; there are %v", name, roomNames())
}

// ready tells whether a service can reach its database.
func ready(dbs ...*crdb.DB) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, db := range dbs {
			if err := db.Ping(ctx); err != nil {
				return err
			}
		}
		return nil
	}
}
