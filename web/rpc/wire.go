package rpc

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// maxAnswer is the largest answer that is read.
const maxAnswer = 8 << 20

// getQuery returns the query of a Connect GET. The order of the parameters is
// fixed, so that the same call is the same address for a cache.
func getQuery(call Call) string {
	return "connect=v1&base64=1&encoding=proto&message=" + base64.RawURLEncoding.EncodeToString(call.Message)
}

// longGet is when an address gets too long for what lies between; such a call is posted.
const longGet = 6000

// request is a call as HTTP.
type request struct {
	method, path string
	header       map[string]string
	body         []byte
}

func unaryRequest(ctx context.Context, call Call) request {
	if query := getQuery(call); call.Safe && len(query) < longGet {
		return request{method: "GET", path: call.Procedure + "?" + query}
	}
	header := map[string]string{"Content-Type": "application/proto", "Connect-Protocol-Version": "1"}
	if call.Key != "" {
		header["Idempotency-Key"] = call.Key
	}
	if timeout := timeoutOf(ctx); timeout != "" {
		header["Connect-Timeout-Ms"] = timeout
	}
	return request{method: "POST", path: call.Procedure, header: header, body: call.Message}
}

func streamRequest(ctx context.Context, call Call) request {
	header := map[string]string{"Content-Type": "application/connect+proto", "Connect-Protocol-Version": "1"}
	if timeout := timeoutOf(ctx); timeout != "" {
		header["Connect-Timeout-Ms"] = timeout
	}
	body := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(call.Message)))
	return request{method: "POST", path: call.Procedure, header: header, body: append(body, call.Message...)}
}

func timeoutOf(ctx context.Context) string {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ""
	}
	return strconv.FormatInt(max(time.Until(deadline).Milliseconds(), 1), 10)
}

// answer turns a unary HTTP response into the message, or the error it stands for.
func answer(status int, contentType string, body []byte) ([]byte, error) {
	if status == 200 {
		if !strings.HasPrefix(contentType, "application/proto") {
			return nil, &Error{Code: Unknown, Message: "unexpected content type " + contentType}
		}
		return body, nil
	}
	return nil, errorOf(status, body)
}

// envelopes cuts a server stream into messages.
type envelopes struct {
	buffer []byte
	each   func([]byte) error
	ended  bool
}

var errShortStream = errors.New("the stream ended before its end")

// write takes the next bytes of the stream.
func (e *envelopes) write(data []byte) error {
	e.buffer = append(e.buffer, data...)
	for len(e.buffer) >= 5 {
		size := int(binary.BigEndian.Uint32(e.buffer[1:5]))
		if size > maxAnswer {
			return &Error{Code: ResourceExhausted, Message: "message too large"}
		}
		if len(e.buffer) < 5+size {
			return nil
		}
		flags, message := e.buffer[0], e.buffer[5:5+size]
		e.buffer = e.buffer[5+size:]
		if flags&2 != 0 {
			e.ended = true
			return endError(message)
		}
		if err := e.each(message); err != nil {
			return err
		}
	}
	return nil
}

// close reports whether the stream came to its proper end.
func (e *envelopes) close() error {
	if !e.ended {
		return &Error{Code: Unavailable, Message: errShortStream.Error()}
	}
	return nil
}

func endError(message []byte) error {
	var end struct {
		Error json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(message, &end); err != nil {
		return &Error{Code: Unknown, Message: "unreadable end of stream"}
	}
	if len(end.Error) == 0 {
		return nil
	}
	return errorOf(0, end.Error)
}
