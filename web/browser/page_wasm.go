package browser

import "syscall/js"

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

// SetHead brings the document's head up to date with the page.
func SetHead(title, description, canonical string) {
	document().Set("title", title)
	setMeta(`meta[name="description"]`, "content", description)
	setMeta(`meta[property="og:title"]`, "content", title)
	setMeta(`meta[property="og:description"]`, "content", description)
	setMeta(`link[rel="canonical"]`, "href", canonical)
}

func setMeta(selector, attribute, value string) {
	if element := document().Call("querySelector", selector); element.Truthy() {
		element.Call("setAttribute", attribute, value)
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
