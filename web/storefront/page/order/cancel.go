package order

import (
	"context"

	orderv1 "github.com/souk-commerce/souk/api/lite/souk/order/v1"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// calling is the form that calls the order off, as long as that is possible.
func (p *Page) calling() ui.Node {
	if !p.Order.GetCancellable() {
		return ui.Fragment()
	}
	return ui.Form(ui.ID("cancel"), ui.Attr("method", "post"), ui.Attr("action", "/orders/"+p.Order.GetNumber()+"/cancel"),
		ui.OnSubmit(func(map[string]string) { p.cancel() }),
		ui.Input(ui.Type("hidden"), ui.Name("id"), ui.Value(p.Order.GetId())),
		component.Button("Cancel order", "button--quiet", p.busy, nil))
}

// cancel calls the order off.
func (p *Page) cancel() {
	p.change(func(ctx context.Context) (*orderv1.Order, error) { return Cancel(ctx, p.shop.Client, p.Order.GetId()) })
}

// Cancel calls an order off and returns what became of it.
func Cancel(ctx context.Context, client *rpc.Client, id string) (*orderv1.Order, error) {
	answer, err := orderv1.NewOrderServiceClient(client).CancelOrder(ctx, &orderv1.CancelOrderRequest{Id: id})
	return answer.GetOrder(), err
}
