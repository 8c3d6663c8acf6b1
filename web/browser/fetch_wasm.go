package browser

import (
	"context"
	"errors"
	"syscall/js"
)

// Request is an HTTP request to the page's own origin, or one that allows it.
type Request struct {
	Method, URL string
	Header      map[string]string
	Body        []byte
	// Foreign leaves cookies out, for other origins.
	Foreign bool
}

// Response is an HTTP response, read to its end.
type Response struct {
	Status      int
	ContentType string
	Body        []byte
}

// Fetch sends request and reads the whole response.
func Fetch(ctx context.Context, request Request) (Response, error) {
	response, abort, err := start(ctx, request)
	if err != nil {
		return Response{}, err
	}
	defer abort()
	buffer, err := await(ctx, response.Call("arrayBuffer"))
	if err != nil {
		return Response{}, err
	}
	return Response{
		Status:      response.Get("status").Int(),
		ContentType: contentType(response),
		Body:        bytesOf(js.Global().Get("Uint8Array").New(buffer)),
	}, nil
}

// FetchStream sends request and hands the body of a response with status 200 to
// each, piece by piece, until each wants no more. The response is always closed.
// The body of any other response is returned.
func FetchStream(ctx context.Context, request Request, each func(chunk []byte) (more bool, err error)) (status int, body []byte, err error) {
	response, abort, err := start(ctx, request)
	if err != nil {
		return 0, nil, err
	}
	defer abort() // cancelling ctx alone would leave the stream running
	status = response.Get("status").Int()
	if status != 200 {
		buffer, err := await(ctx, response.Call("arrayBuffer"))
		if err != nil {
			return status, nil, err
		}
		return status, bytesOf(js.Global().Get("Uint8Array").New(buffer)), nil
	}
	reader := response.Get("body").Call("getReader")
	for {
		result, err := await(ctx, reader.Call("read"))
		if err != nil {
			return status, nil, err
		}
		if result.Get("done").Bool() {
			return status, nil, nil
		}
		if more, err := each(bytesOf(result.Get("value"))); err != nil || !more {
			return status, nil, err
		}
	}
}

// start sends request and waits for the head of the response. abort frees the
// connection; it does nothing when the response was read to its end.
func start(ctx context.Context, request Request) (response js.Value, abort func(), err error) {
	controller := js.Global().Get("AbortController").New()
	abort = func() { controller.Call("abort") }
	options := map[string]any{
		"method":      request.Method,
		"signal":      controller.Get("signal"),
		"credentials": "same-origin",
	}
	if request.Foreign {
		options["credentials"] = "omit"
	}
	if len(request.Header) > 0 {
		header := map[string]any{}
		for name, value := range request.Header {
			header[name] = value
		}
		options["headers"] = header
	}
	if request.Method != "GET" {
		body := js.Global().Get("Uint8Array").New(len(request.Body))
		js.CopyBytesToJS(body, request.Body)
		options["body"] = body
	}
	response, err = await(ctx, js.Global().Call("fetch", request.URL, options))
	if err != nil {
		abort()
		return js.Value{}, nil, err
	}
	return response, abort, nil
}

func contentType(response js.Value) string {
	if v := response.Get("headers").Call("get", "Content-Type"); v.Type() == js.TypeString {
		return v.String()
	}
	return ""
}

func bytesOf(array js.Value) []byte {
	data := make([]byte, array.Get("length").Int())
	js.CopyBytesToGo(data, array)
	return data
}

// await waits for a promise, or for ctx.
func await(ctx context.Context, promise js.Value) (js.Value, error) {
	type outcome struct {
		value js.Value
		err   error
	}
	settled := make(chan outcome, 1)
	var resolve, reject js.Func
	release := func() {
		resolve.Release()
		reject.Release()
	}
	resolve = js.FuncOf(func(_ js.Value, args []js.Value) any {
		release()
		var value js.Value
		if len(args) > 0 {
			value = args[0]
		}
		settled <- outcome{value: value}
		return nil
	})
	reject = js.FuncOf(func(_ js.Value, args []js.Value) any {
		release()
		settled <- outcome{err: reasonOf(args)}
		return nil
	})
	promise.Call("then", resolve, reject)
	select {
	case o := <-settled:
		return o.value, o.err
	case <-ctx.Done():
		return js.Value{}, ctx.Err()
	}
}

func reasonOf(args []js.Value) error {
	if len(args) == 0 {
		return errors.New("rejected")
	}
	return errors.New(args[0].Call("toString").String())
}
