package order

import (
	"context"
	"strconv"
	"strings"

	catalogv1 "github.com/souk-commerce/souk/api/lite/souk/catalog/v1"
	orderv1 "github.com/souk-commerce/souk/api/lite/souk/order/v1"
	"github.com/souk-commerce/souk/web/rpc"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// The names of fields that are of a line start so.
const (
	unitsOf    = "units-"
	exchangeOf = "exchange-"
)

// loadVariants gets what units that may come back can be exchanged for: other
// variants of the same product that cost no more. Without it, there is money back.
func (p *Page) loadVariants(ctx context.Context) {
	products := catalogv1.NewProductServiceClient(p.shop.Client)
	for _, line := range p.Order.GetLines() {
		if line.GetReturnable() <= 0 || len(p.Variants) >= 10 {
			continue
		}
		answer, err := products.GetProduct(ctx, &catalogv1.GetProductRequest{Slug: line.GetProductSlug()})
		if err != nil {
			continue
		}
		choices := []component.Choice{{Label: "My money back"}}
		for _, v := range answer.GetProduct().GetVariants() {
			if v.GetSku() != line.GetSku() && affordable(v, line) {
				choices = append(choices, component.Choice{Value: v.GetSku(), Label: "Instead: " + variantName(v)})
			}
		}
		if len(choices) > 1 {
			if p.Variants == nil {
				p.Variants = map[string][]component.Choice{}
			}
			p.Variants[line.GetId()] = choices
		}
	}
}

// variantName is what sets a variant apart: "Red / M".
func variantName(v *catalogv1.Variant) string {
	var values []string
	for _, o := range v.GetOptionValues() {
		values = append(values, o.GetValue())
	}
	return strings.Join(values, " / ")
}

func affordable(v *catalogv1.Variant, line *orderv1.OrderLine) bool {
	for _, price := range v.GetPrices() {
		if price.GetAmount().GetCurrencyCode() == line.GetUnitPrice().GetCurrencyCode() {
			return price.GetAmount().GetMinorUnits() <= line.GetUnitPrice().GetMinorUnits()
		}
	}
	return false
}

// edits are the forms to change an order, as long as that is possible.
func (p *Page) edits() ui.Node {
	return ui.Div(ui.Class("stack"),
		p.form("cancel-lines", "Cancel single items", "/lines", "Cancel these items", (*orderv1.OrderLine).GetCancellable, p.cancelLines,
			component.Field(component.Input{ID: "cancel-reason", Label: "Why (optional)", More: ui.Name("reason")})),
		p.form("return", "Send something back", "/return", "Ask for a return", (*orderv1.OrderLine).GetReturnable, p.askReturn,
			component.Field(component.Input{ID: "return-reason", Label: "What is wrong with it (optional)", More: ui.Name("reason")})))
}

// form lets the shopper choose units of lines.
func (p *Page) form(id, title, path, button string, most func(*orderv1.OrderLine) int32, do func(map[string]string), more ui.Node) ui.Node {
	var lines []*orderv1.OrderLine
	for _, line := range p.Order.GetLines() {
		if most(line) > 0 {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return ui.Fragment()
	}
	return ui.Details(ui.Class("facet panel"), ui.ID(id), ui.Summary(ui.Text(title)),
		ui.Form(ui.Class("stack"), ui.Attr("method", "post"), ui.Attr("action", "/orders/"+p.Order.GetNumber()+path), ui.OnSubmit(do),
			ui.Input(ui.Type("hidden"), ui.Name("id"), ui.Value(p.Order.GetId())),
			ui.Each(lines, func(_ int, line *orderv1.OrderLine) ui.Node {
				label := line.GetTitle()
				if line.GetVariantTitle() != "" {
					label += ", " + line.GetVariantTitle()
				}
				return ui.Div(ui.Class("fields"),
					component.Select(component.Input{ID: id + "-" + unitsOf + line.GetId(), Label: label, More: ui.Name(unitsOf + line.GetId())}, numbers(int(most(line)))),
					ui.If(id == "return" && len(p.Variants[line.GetId()]) > 0, func() ui.Node {
						return component.Select(component.Input{ID: exchangeOf + line.GetId(), Label: "For it I would like"}, p.Variants[line.GetId()])
					}))
			}),
			more,
			ui.Div(component.Button(button, "button--quiet", p.busy, nil))))
}

func numbers(most int) []component.Choice {
	choices := []component.Choice{{Value: "0", Label: "none"}}
	for n := 1; n <= most && n <= 100; n++ {
		choices = append(choices, component.Choice{Value: strconv.Itoa(n), Label: strconv.Itoa(n)})
	}
	return choices
}

// change makes a call that changes the order.
func (p *Page) change(call func(context.Context) (*orderv1.Order, error)) {
	if p.busy {
		return
	}
	p.busy, p.Wrong = true, ""
	p.env.Go(func(ctx context.Context) func() {
		order, err := call(ctx)
		return func() {
			p.busy = false
			if err != nil {
				p.Wrong = rpc.Sentence(err)
				return
			}
			p.Order = order
		}
	})
}

func (p *Page) cancelLines(fields map[string]string) {
	p.change(func(ctx context.Context) (*orderv1.Order, error) {
		return CancelLines(ctx, p.shop.Client, fields)
	})
}

func (p *Page) askReturn(fields map[string]string) {
	p.change(func(ctx context.Context) (*orderv1.Order, error) {
		return AskReturn(ctx, p.shop.Client, fields)
	})
}

func (p *Page) keep(id string) {
	p.change(func(ctx context.Context) (*orderv1.Order, error) {
		return KeepReturn(ctx, p.shop.Client, p.Order.GetId(), id)
	})
}

// CancelLines cancels what a form chose.
func CancelLines(ctx context.Context, client *rpc.Client, fields map[string]string) (*orderv1.Order, error) {
	request := &orderv1.CancelLinesRequest{Id: fields["id"], Reason: fields["reason"]}
	for line, n := range chosen(fields) {
		request.Lines = append(request.Lines, &orderv1.LineUnits{LineId: line, Units: n})
	}
	if len(request.Lines) == 0 {
		return nil, errNothing
	}
	answer, err := orderv1.NewOrderServiceClient(client).CancelLines(ctx, request)
	return answer.GetOrder(), err
}

// AskReturn asks to send back what a form chose.
func AskReturn(ctx context.Context, client *rpc.Client, fields map[string]string) (*orderv1.Order, error) {
	request := &orderv1.RequestReturnRequest{Id: fields["id"], ReturnId: rpc.NewKey()}
	for line, n := range chosen(fields) {
		request.Lines = append(request.Lines, &orderv1.ReturnLine{LineId: line, Units: n, Reason: fields["reason"], ExchangeSku: fields[exchangeOf+line]})
	}
	if len(request.Lines) == 0 {
		return nil, errNothing
	}
	answer, err := orderv1.NewOrderServiceClient(client).RequestReturn(ctx, request)
	return answer.GetOrder(), err
}

// KeepReturn calls a return off.
func KeepReturn(ctx context.Context, client *rpc.Client, order, id string) (*orderv1.Order, error) {
	answer, err := orderv1.NewOrderServiceClient(client).CancelReturn(ctx, &orderv1.CancelReturnRequest{Id: order, ReturnId: id})
	return answer.GetOrder(), err
}

var errNothing = &rpc.Error{Code: rpc.InvalidArgument, Message: "Choose how many of which items."}

// chosen are the units of lines in a form.
func chosen(fields map[string]string) map[string]int32 {
	all := map[string]int32{}
	for name, value := range fields {
		line, ok := strings.CutPrefix(name, unitsOf)
		n, err := strconv.ParseInt(value, 10, 32)
		if ok && err == nil && n > 0 {
			all[line] = int32(n)
		}
	}
	return all
}

var returnStates = map[orderv1.ReturnState]string{
	orderv1.ReturnState_RETURN_STATE_REQUESTED: "Asked for", orderv1.ReturnState_RETURN_STATE_APPROVED: "Please send it", orderv1.ReturnState_RETURN_STATE_REJECTED: "Refused",
	orderv1.ReturnState_RETURN_STATE_CANCELLED: "Called off", orderv1.ReturnState_RETURN_STATE_RECEIVED: "Received", orderv1.ReturnState_RETURN_STATE_COMPLETED: "Complete",
}

// returns are what goes back.
func (p *Page) returns() ui.Node {
	if len(p.Order.GetReturns()) == 0 {
		return ui.Fragment()
	}
	return ui.Section(ui.Class("stack"), ui.ID("returns"), ui.H2(ui.Text("Returns")),
		ui.Each(p.Order.GetReturns(), func(_ int, r *orderv1.Return) ui.Node {
			return ui.Div(ui.Class("panel stack stack--tight"),
				ui.P(component.Badge("", returnStates[r.GetState()])),
				ui.Ul(ui.Class("small"), ui.Each(r.GetLines(), func(_ int, l *orderv1.ReturnLine) ui.Node {
					return ui.Li(ui.Text(strconv.Itoa(int(l.GetUnits())) + " × " + p.title(l.GetLineId())))
				})),
				ui.If(r.GetNote() != "", func() ui.Node { return ui.P(ui.Class("small"), ui.Text(r.GetNote())) }),
				ui.If(r.GetState() == orderv1.ReturnState_RETURN_STATE_REQUESTED || r.GetState() == orderv1.ReturnState_RETURN_STATE_APPROVED, func() ui.Node {
					return ui.Form(ui.Attr("method", "post"), ui.Attr("action", "/orders/"+p.Order.GetNumber()+"/return/cancel"), ui.OnSubmit(func(map[string]string) { p.keep(r.GetId()) }),
						ui.Input(ui.Type("hidden"), ui.Name("id"), ui.Value(p.Order.GetId())), ui.Input(ui.Type("hidden"), ui.Name("return"), ui.Value(r.GetId())),
						component.Button("Keep it after all", "button--text", p.busy, nil))
				}))
		}))
}
