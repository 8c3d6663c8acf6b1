package browser

import "syscall/js"

// List makes the lists below fields, in the elements that selector finds, go by the
// arrow keys, and Escape lead back to the field. leave is called when the shopper
// turns to something outside.
func List(selector string, leave func()) {
	// First, since whoever closes the list on Escape takes the place away where the
	// shopper is, and with it the focus.
	listenFirst(document(), "keydown", func(event js.Value) {
		target := event.Get("target")
		if list := target.Call("closest", selector); list.Truthy() {
			arrow(event, target, list.Call("querySelectorAll", `input:not([type="hidden"]), a[href]`))
		}
	})
	outside := func(event js.Value) {
		if target := event.Get("target"); target.Get("closest").Type() == js.TypeFunction && !target.Call("closest", selector).Truthy() {
			leave()
		}
	}
	listen(document(), "pointerdown", outside)
	listen(document(), "focusin", outside)
}

func arrow(event, target, places js.Value) {
	count := places.Length()
	if count < 2 {
		return
	}
	to := 0
	for i := range count {
		if places.Index(i).Equal(target) {
			to = i
		}
	}
	switch event.Get("key").String() {
	case "ArrowDown":
		to = (to + 1) % count
	case "ArrowUp":
		to = (to + count - 1) % count
	case "Escape": // which would also empty the field
		to = 0
	default:
		return
	}
	event.Call("preventDefault")
	places.Index(to).Call("focus")
}
