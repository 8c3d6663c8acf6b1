package browser

import (
	"strings"
	"syscall/js"
)

func document() js.Value { return js.Global().Get("document") }

// Text returns the text of the element with the id; "" when there is none.
func Text(id string) string {
	element := document().Call("getElementById", id)
	if !element.Truthy() {
		return ""
	}
	return element.Get("textContent").String()
}

// Address returns the address of the page, without the origin.
func Address() string {
	location := js.Global().Get("location")
	return location.Get("pathname").String() + location.Get("search").String()
}

// Origin returns the origin of the page.
func Origin() string { return js.Global().Get("location").Get("origin").String() }

// Leave loads another page as the browser does.
func Leave(address string) { js.Global().Get("location").Call("assign", address) }

// Online reports whether the browser thinks there is a network.
func Online() bool { return js.Global().Get("navigator").Get("onLine").Bool() }

// Head is what the document's head says of a page.
type Head struct {
	Title, Description, Canonical, Image string
	Indexed                              bool
}

// SetHead brings the document's head up to date with the page. What it does not
// have is made, what is empty is taken away.
func SetHead(head Head) {
	document().Set("title", head.Title)
	robots := ""
	if !head.Indexed {
		robots = "noindex"
	}
	setHead("meta", "name", "description", "content", head.Description)
	setHead("meta", "name", "robots", "content", robots)
	setHead("meta", "property", "og:title", "content", head.Title)
	setHead("meta", "property", "og:description", "content", head.Description)
	setHead("meta", "property", "og:url", "content", head.Canonical)
	setHead("meta", "property", "og:image", "content", head.Image)
	setHead("link", "rel", "canonical", "href", head.Canonical)
}

// setHead sets the value of the element of the head that has key under name.
func setHead(tag, name, key, attribute, value string) {
	head := document().Get("head")
	element := head.Call("querySelector", tag+"["+name+"=\""+key+"\"]")
	switch {
	case value == "" && element.Truthy():
		element.Call("remove")
		return
	case value == "":
		return
	case !element.Truthy():
		element = document().Call("createElement", tag)
		element.Call("setAttribute", name, key)
		head.Call("append", element)
	}
	element.Call("setAttribute", attribute, value)
}

// Focused returns the id of the element that has the focus; "" when it has none.
func Focused() string {
	if element := document().Get("activeElement"); element.Truthy() {
		return element.Get("id").String()
	}
	return ""
}

// FocusedValue returns what stands in the field that has the focus.
func FocusedValue() string {
	if element := document().Get("activeElement"); element.Truthy() {
		if value := element.Get("value"); value.Type() == js.TypeString {
			return value.String()
		}
	}
	return ""
}

// FocusID moves the focus to the element with the id, if there is one.
func FocusID(id string) {
	if element := document().Call("getElementById", id); element.Truthy() {
		element.Call("focus", map[string]any{"preventScroll": true})
	}
}

// FocusMain moves the focus to the main heading, so that screen readers begin
// to read the new page there.
func FocusMain() {
	heading := document().Call("querySelector", "main h1")
	if !heading.Truthy() {
		heading = document().Call("querySelector", "main")
	}
	if !heading.Truthy() {
		return
	}
	heading.Call("setAttribute", "tabindex", "-1")
	heading.Call("focus", map[string]any{"preventScroll": true})
}

// Focus moves the focus to the first element that selector finds.
func Focus(selector string) {
	if element := document().Call("querySelector", selector); element.Truthy() {
		element.Call("focus")
	}
}

// Scroll returns how far down the page is.
func Scroll() int { return js.Global().Get("scrollY").Int() }

// ScrollTo scrolls to the height.
func ScrollTo(y int) {
	js.Global().Call("scrollTo", map[string]any{"left": 0, "top": y, "behavior": "instant"})
}

// ScrollToID scrolls to the element with the id.
func ScrollToID(id string) {
	if element := document().Call("getElementById", id); element.Truthy() {
		element.Call("scrollIntoView")
	}
}

// Dialog opens or closes the dialog element with the id.
func Dialog(id string, open bool) {
	element := document().Call("getElementById", id)
	if !element.Truthy() || element.Get("open").Bool() == open {
		return
	}
	if open {
		element.Call("showModal")
		return
	}
	element.Call("close")
}

// SetTheme sets the colour scheme: "light", "dark", or "" for the system's.
func SetTheme(theme string) {
	root := document().Get("documentElement")
	if theme == "" {
		root.Call("removeAttribute", "data-theme")
	} else {
		root.Call("setAttribute", "data-theme", theme)
	}
	Store("theme", theme)
}

// Dark reports whether the system prefers dark.
func Dark() bool {
	return js.Global().Call("matchMedia", "(prefers-color-scheme: dark)").Get("matches").Bool()
}

// Store keeps a value in the browser; "" removes it. It is lost when the browser
// keeps nothing.
func Store(key, value string) {
	defer func() { _ = recover() }() // storage may be forbidden
	storage := js.Global().Get("localStorage")
	if value == "" {
		storage.Call("removeItem", "souk."+key)
		return
	}
	storage.Call("setItem", "souk."+key, value)
}

// Stored returns a value kept by Store.
func Stored(key string) (value string) {
	defer func() { _ = recover() }() // storage may be forbidden
	v := js.Global().Get("localStorage").Call("getItem", "souk."+key)
	if v.Type() != js.TypeString {
		return ""
	}
	return v.String()
}

// Session keeps a value for as long as the tab is open; "" removes it.
func Session(key, value string) {
	defer func() { _ = recover() }() // storage may be forbidden
	storage := js.Global().Get("sessionStorage")
	if value == "" {
		storage.Call("removeItem", "souk."+key)
		return
	}
	storage.Call("setItem", "souk."+key, value)
}

// OfSession returns a value kept by Session.
func OfSession(key string) (value string) {
	defer func() { _ = recover() }() // storage may be forbidden
	v := js.Global().Get("sessionStorage").Call("getItem", "souk."+key)
	if v.Type() != js.TypeString {
		return ""
	}
	return v.String()
}

// SetCookie keeps a value of plain letters for a year, where the server sees it.
func SetCookie(name, value string) {
	cookie := name + "=" + value + "; Path=/; Max-Age=31536000; SameSite=Lax"
	if strings.HasPrefix(Origin(), "https:") {
		cookie += "; Secure"
	}
	document().Set("cookie", cookie)
}

// Cookie returns the value of a cookie that programs may see.
func Cookie(name string) string {
	for pair := range strings.SplitSeq(document().Get("cookie").String(), "; ") {
		if key, value, _ := strings.Cut(pair, "="); key == name {
			return value
		}
	}
	return ""
}

// OnReturn calls do each time that the page is seen again.
func OnReturn(do func()) {
	listen(document(), "visibilitychange", func(js.Value) {
		if document().Get("visibilityState").String() == "visible" {
			do()
		}
	})
}

// OnLine calls do when there is a network again.
func OnLine(do func()) { listen(js.Global(), "online", func(js.Value) { do() }) }

// OnLeave calls do each time that the page goes out of sight, perhaps for good.
func OnLeave(do func()) {
	listen(js.Global(), "pagehide", func(js.Value) { do() })
	listen(document(), "visibilitychange", func(js.Value) {
		if document().Get("visibilityState").String() == "hidden" {
			do()
		}
	})
}

// Loading shows or hides that a page is on its way.
func Loading(yes bool) {
	root := document().Get("documentElement")
	if yes {
		root.Call("setAttribute", "data-loading", "")
		return
	}
	root.Call("removeAttribute", "data-loading")
}

// Hydrated tells the loader that the first frame is there.
func Hydrated() {
	if done := js.Global().Get("soukHydrated"); done.Type() == js.TypeFunction {
		done.Invoke()
	}
}
