// Package key names answers: two requests have one key exactly when they must
// have one answer.
package key

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// OfPage returns the key of a page: host, path, query in canonical order, and the
// values of the few cookies that pages are made from. A query that is not well-formed
// has no key.
func OfPage(r *http.Request, cookies []string) (string, bool) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", false
	}
	var b strings.Builder
	b.WriteString("page\x00" + strings.ToLower(r.Host) + "\x00" + r.URL.EscapedPath() + "\x00" + query.Encode())
	for _, name := range cookies {
		value := ""
		if c, err := r.Cookie(name); err == nil {
			value = c.Value
		}
		b.WriteString("\x00" + name + "=" + value)
	}
	return b.String(), true
}

// mostMessage bounds a message, as sent and as it is.
const mostMessage = 16 << 10

var parameters = []string{"connect", "encoding", "base64", "compression", "message"}

// OfCall returns the key of a call in Connect's GET form, and the query that asks the
// same in one way. The message is read and written again, so that it does not matter
// how a client writes it: in which order, with which escapes, compressed or not, with
// fields that nobody knows. A parameter that means nothing, or stands there twice,
// would only make more keys: then there is none.
func OfCall(r *http.Request, method protoreflect.MethodDescriptor) (key, query string, ok bool) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", "", false
	}
	for name, values := range q {
		if len(values) != 1 || !slices.Contains(parameters, name) {
			return "", "", false
		}
	}
	encoding := q.Get("encoding")
	if v := q.Get("connect"); v != "" && v != "v1" || encoding != "json" && encoding != "proto" {
		return "", "", false
	}
	sent, ok := unpack(q.Get("message"), q.Get("base64") == "1", q.Get("compression"))
	if !ok {
		return "", "", false
	}
	message := dynamicpb.NewMessage(method.Input())
	if encoding == "json" {
		err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(sent, message)
	} else {
		err = proto.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(sent, message)
	}
	if err != nil {
		return "", "", false
	}
	plain, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		return "", "", false
	}
	again := plain
	if encoding == "json" {
		if again, err = inJSON(message); err != nil {
			return "", "", false
		}
	}
	procedure := "/" + string(method.Parent().FullName()) + "/" + string(method.Name())
	return "rpc\x00" + procedure + "\x00" + encoding + "\x00" + string(plain),
		"base64=1&connect=v1&encoding=" + encoding + "&message=" + base64.RawURLEncoding.EncodeToString(again), true
}

// unpack returns a message as it was before it was written into an address.
func unpack(text string, coded bool, compression string) ([]byte, bool) {
	message := []byte(text)
	if coded {
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
		if err != nil {
			return nil, false
		}
		message = raw
	}
	switch compression {
	case "", "identity":
	case "gzip":
		in, err := gzip.NewReader(bytes.NewReader(message))
		if err != nil {
			return nil, false
		}
		if message, err = io.ReadAll(io.LimitReader(in, mostMessage+1)); err != nil {
			return nil, false
		}
	default:
		return nil, false
	}
	return message, len(message) <= mostMessage
}

// inJSON writes a message in JSON, always in the same way, which protojson does not.
func inJSON(message proto.Message) ([]byte, error) {
	text, err := protojson.Marshal(message)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
