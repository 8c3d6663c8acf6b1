//go:build wasm

package ui

import (
	"hash/fnv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"
)

// stage is what go-app shows. go-app makes its components by reflection from a
// type, so the one page of the program has to be found through a variable.
var stage struct {
	draw    func() Node
	mounted func()
	context app.Context
	waiting []func()
	// frame counts drawings. go-app takes two closures of the same code for the
	// same handler; the frame tells them apart.
	frame int
	// drawn is what was drawn last.
	drawn *element
}

// Run shows what draw returns, draws again after each event, and does not return.
// mounted is called once, when the first frame is there.
func Run(draw func() Node, mounted func()) {
	stage.draw, stage.mounted = draw, mounted
	app.RouteWithRegexp(".*", &root{})
	app.RunWhenOnBrowser()
}

// Dispatch calls do on the goroutine that draws, and draws again. It may be
// called from any goroutine, before Run too.
func Dispatch(do func()) {
	if stage.context == nil {
		stage.waiting = append(stage.waiting, do)
		return
	}
	stage.context.Dispatch(func(app.Context) { do() })
}

// After calls do once what is true now has been drawn.
func After(do func()) {
	if stage.context != nil {
		stage.context.Defer(func(app.Context) { do() })
	}
}

type root struct{ app.Compo }

// OnMount implements go-app's Mounter.
func (r *root) OnMount(ctx app.Context) {
	stage.context = ctx
	stage.mounted()
	for _, do := range stage.waiting {
		Dispatch(do)
	}
	stage.waiting = nil
}

// Render implements go-app's Composer.
func (r *root) Render() app.UI {
	stage.frame++
	before := stage.drawn
	stage.drawn = join([]Node{Root(stage.draw())})[0].(*element)
	return elementToApp(stage.drawn, before, false)
}

// toApp maps a node onto go-app's; before is what was in its place.
func toApp(node, before Node, inSVG bool) app.UI {
	switch n := node.(type) {
	case text:
		return app.Text(string(n))
	case *element:
		was, _ := before.(*element)
		return elementToApp(n, was, inSVG)
	}
	panic("ui: unknown node")
}

func elementToApp(e, before *element, inSVG bool) app.UI {
	if before != nil && spelled(before, inSVG) != spelled(e, inSVG) {
		before = nil // go-app makes it anew, and all that is in it
	}
	inSVG = inSVG || e.tag == "svg"
	elem := app.Elem(spelled(e, inSVG))
	if inSVG {
		elem = elem.XMLNS("http://www.w3.org/2000/svg")
	}
	for _, a := range e.attrs {
		if a.bound {
			a.value = keepUp(e.id(), a.value, before == nil)
		}
		if value, ok := appValue(a); ok {
			elem = elem.Attr(a.name, value)
		}
	}
	for _, h := range e.handlers {
		elem = elem.On(h.event, listener(h), stage.frame)
	}
	if e.tag == "textarea" {
		return elem
	}
	e.children = e.content() // as it is compared with the next frame's
	if len(e.children) == 0 {
		return elem
	}
	children := make([]app.UI, len(e.children))
	for i, child := range e.children {
		var was Node
		if before != nil && i < len(before.children) {
			was = before.children[i]
		}
		children[i] = toApp(child, was, inSVG)
	}
	return elem.Body(children...)
}

// properties are the attributes that go-app sets as JavaScript properties.
var properties = map[string]bool{
	"checked": true, "disabled": true, "selected": true, "required": true, "readonly": true,
	"multiple": true, "hidden": true, "open": true, "autofocus": true, "loop": true, "muted": true,
}

// appValue returns what go-app shall set; false when the attribute is not there.
func appValue(a attribute) (any, bool) {
	switch {
	case a.kind == plain:
		return a.value, true
	case properties[a.name]:
		return a.kind == on, true
	case a.kind == on:
		return "", true
	}
	return nil, false
}

// spelled returns the tag, in an upper and lower case that depends on the key.
// HTML does not care, but go-app compares tags to decide whether an element may
// be changed into the next frame's or has to be made anew, and knows no keys.
func spelled(e *element, inSVG bool) string {
	if e.key == "" || inSVG {
		return e.tag
	}
	hash := fnv.New32a()
	hash.Write([]byte(e.key))
	bits := hash.Sum32()
	bits ^= bits >> 16
	letters := []byte(e.tag)
	for i, c := range letters {
		if 'a' <= c && c <= 'z' && bits>>i&1 == 1 {
			letters[i] = c - 'a' + 'A'
		}
	}
	return string(letters)
}

// listener reads the event while it is fresh and calls the handler.
func listener(h handler) app.EventHandler {
	return func(ctx app.Context, e app.Event) {
		target := ctx.JSSrc()
		if h.event == "input" {
			typed(property(target, "id"), property(target, "value"))
		}
		event := Event{
			Value:   property(target, "value"),
			Checked: target.Get("checked").Truthy(),
			Key:     property(e, "key"),
		}
		if h.event == "submit" {
			event.Form = fields(target)
		}
		h.do(event)
	}
}

func property(v app.Value, name string) string {
	if p := v.Get(name); p.Type() == app.TypeString {
		return p.String()
	}
	return ""
}

// fields reads a form as the browser would send it.
func fields(form app.Value) map[string]string {
	values := map[string]string{}
	elements := form.Get("elements")
	for i := 0; i < elements.Length(); i++ {
		field := elements.Index(i)
		name := property(field, "name")
		kind := strings.ToLower(property(field, "type"))
		switch {
		case name == "" || field.Get("disabled").Truthy():
		case kind == "submit" || kind == "button" || kind == "fieldset":
		case (kind == "checkbox" || kind == "radio") && !field.Get("checked").Truthy():
		default:
			values[name] = property(field, "value")
		}
	}
	return values
}
