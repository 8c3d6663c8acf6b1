// Package fault is how things fail: a kind for the caller's next step, a reason
// for programs, a sentence for people, and the cause for us.
package fault

import (
	"errors"
	"fmt"
	"maps"
)

// Kind says what a caller can do about a fault.
type Kind uint8

// The kinds. Internal is the zero value: what nobody foresaw.
const (
	Internal Kind = iota // nothing; we have to look
	Invalid              // send a request that makes sense
	NotFound             // it is not there
	Exists               // it is there already
	Refused              // a rule says no
	Raced                // somebody was faster: read again
	Stranger             // say who you are
	Denied               // not yours
	Busy                 // try later
	TooMany              // slow down
)

var kinds = [...]string{"internal", "invalid", "not found", "exists", "refused", "raced", "stranger", "denied", "busy", "too many"}

// String names the kind in logs.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Field is what is wrong with one field of a request.
type Field struct{ Path, Sentence string }

// Fault is an error with a meaning. Faults are values to copy from: the methods
// return changed copies and leave the original alone.
type Fault struct {
	Kind Kind
	// A stable word for programs: "stock_short".
	Reason string
	// What people read.
	Sentence string
	// What happened underneath; never shown to callers.
	Cause error
	// What is wrong with which field.
	Fields []Field
	// Facts for programs: "sku" → "MUG-1".
	Meta map[string]string
}

// New returns a fault.
func New(kind Kind, reason, sentence string) *Fault {
	return &Fault{Kind: kind, Reason: reason, Sentence: sentence}
}

// Error is what logs show.
func (f *Fault) Error() string {
	text := f.Reason
	if f.Sentence != "" {
		text += ": " + f.Sentence
	}
	if f.Cause != nil {
		text += " (" + f.Cause.Error() + ")"
	}
	return text
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// Is makes errors.Is true for faults of the same kind and reason.
func (f *Fault) Is(target error) bool {
	other, ok := target.(*Fault)
	return ok && other.Kind == f.Kind && other.Reason == f.Reason
}

// Because returns a copy with a cause.
func (f *Fault) Because(cause error) *Fault {
	out := *f
	out.Cause = cause
	return &out
}

// Saying returns a copy with another sentence.
func (f *Fault) Saying(format string, a ...any) *Fault {
	out := *f
	out.Sentence = fmt.Sprintf(format, a...)
	return &out
}

// About returns a copy with one more fact.
func (f *Fault) About(key, value string) *Fault {
	out := *f
	out.Meta = maps.Clone(f.Meta)
	if out.Meta == nil {
		out.Meta = map[string]string{}
	}
	out.Meta[key] = value
	return &out
}

// On returns a copy that names a field, too.
func (f *Fault) On(path, sentence string) *Fault {
	out := *f
	out.Fields = append(f.Fields[:len(f.Fields):len(f.Fields)], Field{path, sentence})
	return &out
}

// As finds the fault in an error's chain.
func As(err error) (*Fault, bool) {
	var f *Fault
	return f, errors.As(err, &f)
}

// KindOf returns the kind of the fault in an error's chain, else Internal.
func KindOf(err error) Kind {
	if f, ok := As(err); ok {
		return f.Kind
	}
	return Internal
}
