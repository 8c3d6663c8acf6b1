//go:build wasm

package ui

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// A frame is drawn a moment after the event that it follows, and by then people
// have typed on. Writing the value of that event into the field would take their
// last keys away. So go-app is told that a field's value is what it was, as long
// as the program wants what the field had; only a value of the program's own is
// written.
type boundField struct {
	// What go-app believes to be the field's value.
	told string
	// The field, and what it had, at its last event, if it had one.
	element app.Value
	had     string
	typed   bool
	// The frame that it was last part of: a field that was away is a new one.
	frame int
}

var boundFields = map[string]*boundField{}

// keepUp returns the value that go-app is told for a field that should have want.
func keepUp(id, want string) string {
	f := boundFields[id]
	if f == nil || f.frame < stage.frame-1 {
		boundFields[id] = &boundField{told: want, frame: stage.frame}
		return want
	}
	f.frame = stage.frame
	if f.typed && f.had == want {
		f.check(id, want)
		return f.told
	}
	if f.typed {
		f.typed = false
		SetField(id, want)
	}
	f.told = want
	return want
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

// check gives the value to a field that go-app made anew from what it was told.
func (f *boundField) check(id, want string) {
	if f.told == want {
		return
	}
	After(func() {
		field := app.Window().GetElementByID(id)
		if field.Truthy() && !field.Equal(f.element) {
			f.element = field
			field.Set("value", want)
		}
	})
}

// typed notes what a field has when it says that it was changed.
func typed(id, value string, element app.Value) {
	if f := boundFields[id]; f != nil {
		f.had, f.typed, f.element = value, true, element
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
