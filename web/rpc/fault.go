package rpc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// Code is a Connect error code.
type Code string

// The codes of Connect.
const (
	Canceled           Code = "canceled"
	Unknown            Code = "unknown"
	InvalidArgument    Code = "invalid_argument"
	DeadlineExceeded   Code = "deadline_exceeded"
	NotFound           Code = "not_found"
	AlreadyExists      Code = "already_exists"
	PermissionDenied   Code = "permission_denied"
	ResourceExhausted  Code = "resource_exhausted"
	FailedPrecondition Code = "failed_precondition"
	Aborted            Code = "aborted"
	Unimplemented      Code = "unimplemented"
	Internal           Code = "internal"
	Unavailable        Code = "unavailable"
	Unauthenticated    Code = "unauthenticated"
)

// Error is what the far side answered instead.
type Error struct {
	Code Code
	// Message is a sentence for people.
	Message string
	// Reason is a stable word for programs: "stock_short".
	Reason string
	// Meta says more about the reason.
	Meta map[string]string
	// Fields are complaints about fields of the request, by their path.
	Fields []Field
}

// Field is a complaint about one field: "shipping_address.postal_code".
type Field struct {
	Path, Sentence string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Message == "" {
		return string(e.Code)
	}
	return string(e.Code) + ": " + e.Message
}

// CodeOf returns the code of err; "" when there is no error.
func CodeOf(err error) Code {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return DeadlineExceeded
	}
	return Unknown
}

// ReasonOf returns the reason of err, if it has one.
func ReasonOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// NeedsSession reports whether a call was refused for want of a session that is
// still good, and not, say, of the right password.
func NeedsSession(err error) bool {
	reason := ReasonOf(err)
	return CodeOf(err) == Unauthenticated && (reason == "" || reason == "sign_in")
}

// Sentence returns what a shopper may be told about err.
func Sentence(err error) string {
	var e *Error
	switch {
	case errors.As(err, &e) && e.Code == Unavailable:
		return "We cannot reach the shop at the moment. Please try again."
	case errors.As(err, &e) && len(e.Fields) > 0 && strings.HasPrefix(e.Message, "Please check "+e.Fields[0].Path):
		return "Please check what you entered." // paths are for programs
	case errors.As(err, &e) && e.forPeople():
		return capital(e.Message)
	}
	return "Something went wrong on our side. Please try again."
}

// forPeople reports whether the message is meant for shoppers, and not for us.
func (e *Error) forPeople() bool {
	return e.Message != "" && e.Code != Unavailable && e.Code != Internal && e.Code != Unknown
}

// FieldsOf returns the complaints of err by path.
func FieldsOf(err error) map[string]string {
	var e *Error
	if !errors.As(err, &e) {
		return nil
	}
	fields := map[string]string{}
	for _, f := range e.Fields {
		if _, told := fields[f.Path]; !told {
			fields[f.Path] = capital(f.Sentence)
		}
	}
	return fields
}

func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// errorOf reads Connect's error JSON; a body that is none is judged by its status.
func errorOf(status int, body []byte) error {
	var wire struct {
		Code    Code   `json:"code"`
		Message string `json:"message"`
		Details []struct {
			Type  string `json:"type"`
			Value string `json:"value"`
		} `json:"details"`
	}
	if err := json.Unmarshal(body, &wire); err != nil || wire.Code == "" {
		return &Error{Code: codeOfStatus(status)}
	}
	e := &Error{Code: wire.Code, Message: wire.Message}
	for _, detail := range wire.Details {
		value, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(detail.Value, "="))
		if err != nil {
			continue
		}
		e.read(strings.TrimPrefix(detail.Type, "type.googleapis.com/"), value)
	}
	return e
}

// codeOfStatus is Connect's table for answers that did not come from Connect.
func codeOfStatus(status int) Code {
	switch status {
	case 400:
		return Internal
	case 401:
		return Unauthenticated
	case 403:
		return PermissionDenied
	case 404:
		return Unimplemented
	case 413, 431:
		return ResourceExhausted
	case 429, 502, 503, 504:
		return Unavailable
	}
	return Unknown
}
