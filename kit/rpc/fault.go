package rpc

import (
	"context"
	"errors"
	"log/slog"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/fault"
)

// codes is the one place where kinds of faults and Connect codes meet.
var codes = map[fault.Kind]connect.Code{
	fault.Invalid:  connect.CodeInvalidArgument,
	fault.NotFound: connect.CodeNotFound,
	fault.Exists:   connect.CodeAlreadyExists,
	fault.Refused:  connect.CodeFailedPrecondition,
	fault.Raced:    connect.CodeAborted,
	fault.Stranger: connect.CodeUnauthenticated,
	fault.Denied:   connect.CodePermissionDenied,
	fault.Busy:     connect.CodeUnavailable,
	fault.TooMany:  connect.CodeResourceExhausted,
	fault.Internal: connect.CodeInternal,
}

// Code returns the Connect code for a kind of fault.
func Code(kind fault.Kind) connect.Code { return codes[kind] }

var errText = fault.New(fault.Invalid, "text", "A text has a character in it that cannot be kept.")

// domain names us in google.rpc.ErrorInfo.
const domain = "souk"

// toConnect turns what a handler returned into what the caller sees. Internal
// causes are logged, never sent.
func toConnect(ctx context.Context, log *slog.Logger, procedure string, err error) error {
	// The outermost fault speaks: what another service said is its cause at most.
	f, ok := fault.As(err)
	if !ok {
		var already *connect.Error
		if errors.As(err, &already) {
			return already
		}
		switch {
		case errors.Is(err, context.Canceled):
			return connect.NewError(connect.CodeCanceled, errors.New("the call was cancelled"))
		case errors.Is(err, context.DeadlineExceeded):
			return connect.NewError(connect.CodeDeadlineExceeded, errors.New("this took too long; please try again"))
		}
		f = fault.New(fault.Internal, "internal", "")
		if crdb.Unwritable(err) {
			f = errText
		}
	}
	if f.Kind == fault.Internal {
		log.ErrorContext(ctx, "call failed", "procedure", procedure, "error", err)
		return connect.NewError(connect.CodeInternal, errors.New("something went wrong on our side; please try again"))
	}
	if f.Kind == fault.Busy {
		log.WarnContext(ctx, "call not served", "procedure", procedure, "error", err)
	}
	out := connect.NewError(codes[f.Kind], errors.New(f.Sentence))
	addDetail(out, &errdetails.ErrorInfo{Reason: f.Reason, Domain: domain, Metadata: f.Meta})
	if len(f.Fields) > 0 {
		bad := &errdetails.BadRequest{}
		for _, field := range f.Fields {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: field.Path, Description: field.Sentence})
		}
		addDetail(out, bad)
	}
	return out
}

func addDetail(e *connect.Error, m proto.Message) {
	if d, err := connect.NewErrorDetail(m); err == nil {
		e.AddDetail(d)
	}
}

// FaultOf turns an error of a call to another service back into a fault, so
// that hearts see the same kinds and reasons wherever they come from.
func FaultOf(err error) error {
	var ce *connect.Error
	if !errors.As(err, &ce) {
		return err
	}
	switch ce.Code() {
	case connect.CodeCanceled, connect.CodeDeadlineExceeded:
		return fault.New(fault.Busy, "timeout", "This took too long; please try again.").Because(err)
	}
	kind := fault.Internal
	for k, code := range codes {
		if code == ce.Code() {
			kind = k
		}
	}
	f := fault.New(kind, ce.Code().String(), ce.Message())
	for _, d := range ce.Details() {
		value, err := d.Value()
		if err != nil {
			continue
		}
		switch m := value.(type) {
		case *errdetails.ErrorInfo:
			f.Reason = m.GetReason()
			for k, v := range m.GetMetadata() {
				f = f.About(k, v)
			}
		case *errdetails.BadRequest:
			for _, v := range m.GetFieldViolations() {
				f.Fields = append(f.Fields, fault.Field{Path: v.GetField(), Sentence: v.GetDescription()})
			}
		}
	}
	return f.Because(err)
}

// Validate checks a message against the rules in the API. Handlers of client
// streams call it for each message; other requests have passed it already.
func Validate(m proto.Message) error {
	err := protovalidate.Validate(m)
	if err == nil {
		return nil
	}
	var violations *protovalidate.ValidationError
	if !errors.As(err, &violations) {
		return fault.New(fault.Internal, "rules", "").Because(err)
	}
	f := fault.New(fault.Invalid, "invalid_request", "Please check what you entered.")
	for i, v := range violations.Violations {
		path := protovalidate.FieldPathString(v.Proto.GetField())
		f.Fields = append(f.Fields, fault.Field{Path: path, Sentence: sentence(v.Proto)})
		if i == 0 && path != "" {
			f.Sentence = "Please check " + path + ": " + sentence(v.Proto) + "."
		}
	}
	return f
}

func sentence(v *validate.Violation) string {
	if m := v.GetMessage(); m != "" {
		return m
	}
	return "not allowed: " + v.GetRuleId()
}
