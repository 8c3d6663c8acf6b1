package component

import (
	"strconv"

	"github.com/souk-commerce/souk/web/ui"
)

// Input describes a text field of a form.
type Input struct {
	ID, Label, Hint string
	// Error is what is wrong with the value.
	Error string
	// Complete is the autocomplete token: "email", "postal-code".
	Complete string
	Type     string
	Required bool
	Wide     bool
	// Bind keeps the field and the value the same; Value alone sets the first value.
	Bind  *string
	Value string
	// More are further attributes of the input.
	More ui.Part
}

// Field is a labelled input with its hint and what is wrong with it.
func Field(in Input) ui.Node {
	kind := in.Type
	if kind == "" {
		kind = "text"
	}
	value := ui.Value(in.Value)
	if in.Bind != nil {
		value = ui.Bind(in.Bind)
	}
	return fieldOf(in, ui.Input(ui.Class("field__input"), ui.Type(kind), ui.ID(in.ID), ui.Name(in.ID), value, described(in), in.More,
		ui.When(in.Complete != "", ui.Attr("autocomplete", in.Complete)), ui.Bool("required", in.Required)))
}

// Choice is an entry of a Select.
type Choice struct{ Value, Label string }

// Select is a labelled choice of one out of several.
func Select(in Input, choices []Choice) ui.Node {
	current := in.Value
	var bind ui.Part
	if in.Bind != nil {
		current = *in.Bind
		bind = ui.On("change", func(e ui.Event) { *in.Bind = e.Value })
	}
	return fieldOf(in, ui.Select(ui.Class("field__input"), ui.ID(in.ID), ui.Name(in.ID), described(in), bind, in.More,
		ui.When(in.Complete != "", ui.Attr("autocomplete", in.Complete)),
		ui.Each(choices, func(_ int, c Choice) ui.Node {
			return ui.Option(ui.Value(c.Value), ui.Bool("selected", c.Value == current), ui.Text(c.Label))
		})))
}

func fieldOf(in Input, control ui.Node) ui.Node {
	return ui.Div(ui.Class("field"), ui.ClassIf(in.Error != "", "field--wrong"), ui.ClassIf(in.Wide, "fields__wide"),
		ui.Label(ui.Class("field__label"), ui.For(in.ID), ui.Text(in.Label)),
		control,
		ui.If(in.Hint != "", func() ui.Node {
			return ui.P(ui.Class("field__hint"), ui.ID(in.ID+"-hint"), ui.Text(in.Hint))
		}),
		ui.If(in.Error != "", func() ui.Node {
			return ui.P(ui.Class("field__error"), ui.ID(in.ID+"-error"), ui.Text(in.Error))
		}),
	)
}

func described(in Input) ui.Part {
	switch {
	case in.Error != "" && in.Hint != "":
		return ui.Group(ui.Aria("invalid", "true"), ui.Aria("describedby", in.ID+"-error "+in.ID+"-hint"))
	case in.Error != "":
		return ui.Group(ui.Aria("invalid", "true"), ui.Aria("describedby", in.ID+"-error"))
	case in.Hint != "":
		return ui.Aria("describedby", in.ID+"-hint")
	}
	return nil
}

// Button is a button that does something; a nil do leaves it to its form. While it
// is busy it does nothing, but keeps the focus, which a disabled button loses.
func Button(label, variant string, busy bool, do func()) ui.Node {
	kind := "submit"
	if do != nil {
		kind = "button"
	}
	return ui.Button(ui.Class("button "+variant), ui.ClassIf(busy, "button--busy"), ui.Type(kind), inert(busy), unless(busy, do), ui.Text(label))
}

// inert marks what can be reached but does nothing now.
func inert(yes bool) ui.Part { return ui.When(yes, ui.Aria("disabled", "true")) }

func unless(no bool, do func()) ui.Part {
	if do == nil {
		return nil
	}
	return ui.OnClick(func() {
		if !no {
			do()
		}
	})
}

// ButtonLink is a link that looks like a button.
func ButtonLink(label, address, variant string) ui.Node {
	return ui.A(ui.Class("button "+variant), ui.Href(address), ui.Text(label))
}

// Quantity is a number from one to most, with buttons for one less and one more.
// These count from now, since people may press them faster than pages are drawn.
func Quantity(id, label string, now func() int, most int, set func(int)) ui.Node {
	value, most := now(), max(most, 1)
	step := func(name, sign string, by int) ui.Node {
		possible := func() bool { return now()+by >= 1 && now()+by <= most }
		return ui.Button(ui.Class("quantity__button"), ui.Type("button"), ui.Aria("label", name), inert(!possible()),
			ui.OnClick(func() {
				if possible() {
					set(now() + by)
				}
			}), ui.Text(sign))
	}
	return ui.Div(ui.Class("quantity"), ui.Role("group"), ui.Aria("label", label),
		step("One less", "−", -1),
		ui.Input(ui.Class("quantity__number"), ui.Type("number"), ui.ID(id), ui.Name("quantity"), ui.Attr("min", "1"), ui.Attr("max", strconv.Itoa(most)),
			ui.Attr("inputmode", "numeric"), ui.Aria("label", label), ui.Value(strconv.Itoa(value)),
			ui.On("change", func(e ui.Event) {
				n, err := strconv.Atoi(e.Value)
				if err != nil {
					n = value
				}
				n = min(max(n, 1), most)
				ui.SetField(id, strconv.Itoa(n)) // where that is what it had, too
				set(n)
			})),
		step("One more", "+", 1),
	)
}
