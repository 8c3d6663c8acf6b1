package ui

// Event is what happened, as plain data.
type Event struct {
	// Value is the value of the field it happened to.
	Value string
	// Checked is the state of the checkbox it happened to.
	Checked bool
	// Key is the key that was pressed.
	Key string
	// Form holds the fields of a submitted form by name; the last of a name wins.
	Form map[string]string
}

type handler struct {
	event string
	do    func(Event)
}

func (h handler) addTo(e *element) { e.handlers = append(e.handlers, h) }

// On calls do when the event happens, on the goroutine that draws; the page is
// drawn again afterwards. It does nothing on the server.
func On(event string, do func(Event)) Part {
	if do == nil {
		return group(nil)
	}
	return handler{event: event, do: do}
}

// OnClick calls do when the element is clicked.
func OnClick(do func()) Part {
	if do == nil {
		return group(nil)
	}
	return On("click", func(Event) { do() })
}

// OnFollow takes a link over from the browser: do is called instead. Until the
// program is there, the link leads where it says.
func OnFollow(do func()) Part {
	if do == nil {
		return group(nil)
	}
	return Group(Data("live", ""), OnClick(do))
}

// OnSubmit takes the form over from the browser: do gets the fields, nothing is
// sent. Until the program is there, the form's own action works.
func OnSubmit(do func(form map[string]string)) Part {
	if do == nil {
		return group(nil)
	}
	return Group(Data("live", ""), On("submit", func(e Event) { do(e.Form) }))
}

// Bind keeps a text field and *value the same. The field needs an id.
func Bind(value *string) Part {
	return Typed(*value, func(now string) { *value = now })
}

// Typed is a text field whose value the program is told of with each key, and
// may set. The field needs an id.
func Typed(value string, do func(value string)) Part {
	return Group(attribute{name: "value", value: clean(value), bound: true}, On("input", func(e Event) { do(e.Value) }))
}

// BindChecked keeps a checkbox and *value the same.
func BindChecked(value *bool) Part {
	return Group(Bool("checked", *value), On("change", func(e Event) { *value = e.Checked }))
}
