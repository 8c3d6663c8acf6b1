package browser

import (
	"strings"
	"syscall/js"
)

// Navigation is what the shopper's clicks ask for.
type Navigation struct {
	// Go is called with the address, without the origin, of a link or a GET form
	// that was taken over.
	Go func(address string)
	// Back is called when the shopper went back or forward, with the height that
	// the page was left at; -1 when nothing is known of it, as for a place on the
	// page that is followed for the first time.
	Back func(address string, scroll int)
}

// Navigate takes links and GET forms of the page's own origin over from the
// browser. It is called once, when the program draws the page.
func Navigate(n Navigation) {
	window := js.Global()
	// go-app's own takeover knows neither shift-click nor targets, and opens
	// foreign pages in windows of their own.
	window.Set("onclick", js.Null())
	window.Set("onpopstate", js.Null())
	listen(document(), "click", func(event js.Value) { clicked(event, n.Go) })
	listen(document(), "submit", func(event js.Value) { submitted(event, n.Go) })
	listen(window, "popstate", func(event js.Value) {
		scroll := -1
		if state := event.Get("state"); state.Truthy() && state.Get("scroll").Type() == js.TypeNumber {
			scroll = state.Get("scroll").Int()
		}
		n.Back(Address(), scroll)
	})
}

func listen(target js.Value, event string, do func(event js.Value)) {
	target.Call("addEventListener", event, handler(do))
}

// listenFirst hears of an event before the elements that it is about.
func listenFirst(target js.Value, event string, do func(event js.Value)) {
	target.Call("addEventListener", event, handler(do), true)
}

func handler(do func(event js.Value)) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		do(args[0])
		return nil
	})
}

// Push makes address the page's, as a new step in the history.
func Push(address string) {
	history := js.Global().Get("history")
	history.Call("replaceState", here(), "")
	history.Call("pushState", map[string]any{"scroll": 0}, "", address)
}

// Replace makes address the page's, in place of the step it is on.
func Replace(address string) {
	js.Global().Get("history").Call("replaceState", here(), "", address)
}

// here is what the history keeps of a step: how far down the page is. The loader
// keeps it up to date.
func here() map[string]any { return map[string]any{"scroll": Scroll()} }

func clicked(event js.Value, navigate func(string)) {
	if event.Get("defaultPrevented").Bool() || event.Get("button").Int() != 0 ||
		event.Get("metaKey").Bool() || event.Get("ctrlKey").Bool() || event.Get("shiftKey").Bool() || event.Get("altKey").Bool() {
		return
	}
	link := event.Get("target").Call("closest", "a[href]")
	if !link.Truthy() || link.Call("hasAttribute", "download").Bool() || link.Call("hasAttribute", "data-leave").Bool() {
		return
	}
	if link.Call("hasAttribute", "data-live").Bool() {
		event.Call("preventDefault") // a handler of the page has it
		return
	}
	if target := link.Get("target").String(); target != "" && target != "_self" {
		return
	}
	if link.Get("origin").String() != Origin() {
		return
	}
	address := link.Get("pathname").String() + link.Get("search").String()
	hash := link.Get("hash").String()
	if hash != "" && address == Address() {
		return // a place on this page
	}
	event.Call("preventDefault")
	navigate(address + hash)
}

func submitted(event js.Value, navigate func(string)) {
	form := event.Get("target")
	if form.Call("hasAttribute", "data-live").Bool() {
		event.Call("preventDefault") // a handler of the page has it
		return
	}
	action := js.Global().Get("URL").New(attributeOr(form, "action", Address()), Origin())
	method := strings.ToLower(attributeOr(form, "method", "get"))
	if method != "get" || action.Get("origin").String() != Origin() || form.Call("hasAttribute", "data-leave").Bool() {
		return
	}
	event.Call("preventDefault")
	data := js.Global().Get("FormData").New(form)
	if submitter := event.Get("submitter"); submitter.Truthy() && submitter.Get("name").String() != "" {
		data.Call("append", submitter.Get("name"), submitter.Get("value"))
	}
	query := js.Global().Get("URLSearchParams").New(data).Call("toString").String()
	navigate(action.Get("pathname").String() + "?" + query)
}

func attributeOr(element js.Value, name, otherwise string) string {
	if v := element.Call("getAttribute", name); v.Type() == js.TypeString && v.String() != "" {
		return v.String()
	}
	return otherwise
}
