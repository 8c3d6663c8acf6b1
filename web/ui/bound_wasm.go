//go:build wasm

package ui

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// A frame is drawn a moment after the event that it follows, and by then people
// have typed on. Writing the value of that event into the field would take their
// last keys away. So go-app is told that a field's value is what it was when the
// field was made, and only a value of the program's own is written, where nothing
// was typed since.
type boundField struct {
	// What go-app believes to be the field's value.
	told string
	// What the field and the program agreed on last.
	agreed string
}

var boundFields = map[string]*boundField{}

// keepUp returns the value that go-app is told for a field that should have want.
// The field is new when go-app makes it in this frame.
func keepUp(id, want string, isNew bool) string {
	f := boundFields[id]
	if f == nil || isNew {
		boundFields[id] = &boundField{told: want, agreed: want}
		return want
	}
	if f.agreed != want {
		if field := app.Window().GetElementByID(id); field.Truthy() && property(field, "value") == f.agreed {
			field.Set("value", want)
		}
		f.agreed = want
	}
	return f.told
}

// SetField writes a value of the program's own into the field with the id, once
// what is true now has been drawn.
func SetField(id, value string) {
	After(func() {
		if field := app.Window().GetElementByID(id); field.Truthy() {
			field.Set("value", value)
		}
	})
}

// Tick ticks the box with the id, if there is one, once what is true now has been
// drawn.
func Tick(id string) {
	After(func() {
		if box := app.Window().GetElementByID(id); box.Truthy() {
			box.Set("checked", true)
		}
	})
}

// typed notes what a field has when it says that it was changed.
func typed(id, value string) {
	if f := boundFields[id]; f != nil {
		f.agreed = value
	}
}

// id returns the element's id, or nothing.
func (e *element) id() string {
	for _, a := range e.attrs {
		if a.name == "id" {
			return a.value
		}
	}
	return ""
}
