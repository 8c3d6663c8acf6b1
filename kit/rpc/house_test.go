package rpc_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
)

// The kit knows no API, so its tests make one: an Ask whose text has at most five
// characters, and an RPC for each rule.
var house = build(map[string]declared{
	"Open":   {allow: []int32{1}},
	"Browse": {allow: []int32{1}, read: true, cache: []int32{60, 5, 30, 90}},
	"Shop":   {allow: []int32{2, 3}},
	"Staff":  {allow: []int32{4, 5}, read: true},
	"Closed": {},
	"Late":   {allow: []int32{1}, deadline: 20},
})

type declared struct {
	allow    []int32 // as numbered in souk.option.v1.Role
	cache    []int32
	deadline int32
	read     bool
}

func build(rules map[string]declared) protoreflect.ServiceDescriptor {
	options := must(protodesc.NewFile(optionFile(), protoregistry.GlobalFiles))
	allow, cache, deadline := options.Extensions().ByName("allow"), options.Extensions().ByName("cache"), options.Extensions().ByName("deadline_ms")
	service := &descriptorpb.ServiceDescriptorProto{Name: proto.String("HouseService")}
	for name, d := range rules {
		o := &descriptorpb.MethodOptions{}
		if d.read {
			o.IdempotencyLevel = descriptorpb.MethodOptions_NO_SIDE_EFFECTS.Enum()
		}
		m := o.ProtoReflect()
		for _, role := range d.allow {
			list := m.Mutable(dynamicpb.NewExtensionType(allow).TypeDescriptor()).List()
			list.Append(protoreflect.ValueOfEnum(protoreflect.EnumNumber(role)))
		}
		if d.deadline > 0 {
			m.Set(dynamicpb.NewExtensionType(deadline).TypeDescriptor(), protoreflect.ValueOfInt32(d.deadline))
		}
		if d.cache != nil {
			value := dynamicpb.NewMessage(cache.Message())
			for i, seconds := range d.cache {
				value.Set(cache.Message().Fields().Get(i), protoreflect.ValueOfInt32(seconds))
			}
			m.Set(dynamicpb.NewExtensionType(cache).TypeDescriptor(), protoreflect.ValueOfMessage(value))
		}
		service.Method = append(service.Method, &descriptorpb.MethodDescriptorProto{
			Name: proto.String(name), InputType: proto.String(".souk.house.v1.Ask"), OutputType: proto.String(".souk.house.v1.Ask"), Options: o,
		})
	}
	limit := &descriptorpb.FieldOptions{}
	proto.SetExtension(limit, validate.E_Field, validate.FieldRules_builder{String: validate.StringRules_builder{MaxLen: proto.Uint64(5)}.Build()}.Build())
	text := field("text", 1, descriptorpb.FieldDescriptorProto_TYPE_STRING)
	text.Options = limit
	notes := field("notes", 2, descriptorpb.FieldDescriptorProto_TYPE_STRING)
	notes.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	file := must(protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("souk/house/v1/house.proto"), Package: proto.String("souk.house.v1"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Ask"), Field: []*descriptorpb.FieldDescriptorProto{text, notes}}},
		Service:     []*descriptorpb.ServiceDescriptorProto{service},
	}, protoregistry.GlobalFiles))
	return file.Services().Get(0)
}

// optionFile is what rules are read from, as the API declares it.
func optionFile() *descriptorpb.FileDescriptorProto {
	roles := &descriptorpb.EnumDescriptorProto{Name: proto.String("Role")}
	for i, name := range []string{"UNSPECIFIED", "ANYONE", "GUEST", "SHOPPER", "ADMIN", "SERVICE"} {
		roles.Value = append(roles.Value, &descriptorpb.EnumValueDescriptorProto{Name: proto.String("ROLE_" + name), Number: proto.Int32(int32(i))})
	}
	cache := &descriptorpb.DescriptorProto{Name: proto.String("Cache")}
	for i, name := range []string{"shared_seconds", "browser_seconds", "stale_seconds", "error_seconds"} {
		cache.Field = append(cache.Field, field(name, int32(i+1), descriptorpb.FieldDescriptorProto_TYPE_INT32))
	}
	allow := field("allow", 50101, descriptorpb.FieldDescriptorProto_TYPE_ENUM)
	allow.Label, allow.TypeName = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum(), proto.String(".souk.option.v1.Role")
	caching := field("cache", 50102, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE)
	caching.TypeName = proto.String(".souk.option.v1.Cache")
	extensions := []*descriptorpb.FieldDescriptorProto{allow, caching, field("deadline_ms", 50103, descriptorpb.FieldDescriptorProto_TYPE_INT32)}
	for _, x := range extensions {
		x.Extendee = proto.String(".google.protobuf.MethodOptions")
	}
	return &descriptorpb.FileDescriptorProto{
		Name: proto.String("souk/option/v1/option.proto"), Package: proto.String("souk.option.v1"), Syntax: proto.String("proto3"),
		Dependency: []string{"google/protobuf/descriptor.proto"}, EnumType: []*descriptorpb.EnumDescriptorProto{roles},
		MessageType: []*descriptorpb.DescriptorProto{cache}, Extension: extensions,
	}
}

func field(name string, number int32, kind descriptorpb.FieldDescriptorProto_Type) *descriptorpb.FieldDescriptorProto {
	return &descriptorpb.FieldDescriptorProto{Name: proto.String(name), Number: proto.Int32(number), Type: kind.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var ask = house.ParentFile().Messages().ByName("Ask")

func say(text string) *dynamicpb.Message {
	m := dynamicpb.NewMessage(ask)
	m.Set(ask.Fields().ByName("text"), protoreflect.ValueOfString(text))
	return m
}

func said(m *dynamicpb.Message) string {
	if m == nil {
		return ""
	}
	return m.Get(ask.Fields().ByName("text")).String()
}

// initial gives dynamic messages their type.
func initial(_ connect.Spec, m any) error {
	*m.(*dynamicpb.Message) = *dynamicpb.NewMessage(ask)
	return nil
}

type handle func(ctx context.Context, text string) (string, error)

// serve answers every RPC of the house with f, behind the kit's options.
func serve(t testing.TB, f handle) *kittest.Served {
	t.Helper()
	var mounts []rpc.Mount
	for i := range house.Methods().Len() {
		method := house.Methods().Get(i)
		options := append(rpc.Options(kittest.RPC(t, "house")), connect.WithSchema(method), connect.WithRequestInitializer(initial))
		if rpc.RuleOf(method).Read {
			options = append(options, connect.WithIdempotency(connect.IdempotencyNoSideEffects))
		}
		path := procedure(string(method.Name()))
		mounts = append(mounts, rpc.Mount{Path: path, Handler: connect.NewUnaryHandlerSimple(path, func(ctx context.Context, req *dynamicpb.Message) (*dynamicpb.Message, error) {
			answer, err := f(ctx, said(req))
			if err != nil {
				return nil, err
			}
			return say(answer), nil
		}, options...)})
	}
	return kittest.Serve(t, mounts)
}

func procedure(method string) string { return "/souk.house.v1.HouseService/" + method }

// client is a client of one RPC.
func client(to connect.HTTPClient, url, method string, options ...connect.ClientOption) *connect.Client[dynamicpb.Message, dynamicpb.Message] {
	d := house.Methods().ByName(protoreflect.Name(method))
	options = append(slices.Clone(options), connect.WithSchema(d), connect.WithResponseInitializer(initial))
	if rpc.RuleOf(d).Read {
		options = append(options, connect.WithIdempotency(connect.IdempotencyNoSideEffects))
	}
	return connect.NewClient[dynamicpb.Message, dynamicpb.Message](to, url+procedure(method), options...)
}

// call asks one RPC as p.
func call(t *testing.T, s *kittest.Served, p rpc.Principal, method, text string, header ...string) (string, http.Header, error) {
	t.Helper()
	req := connect.NewRequest(say(text))
	for i := 0; i < len(header); i += 2 {
		req.Header().Set(header[i], header[i+1])
	}
	resp, err := client(s.As(t, p), s.URL, method).CallUnary(t.Context(), req)
	if err != nil {
		return "", nil, err
	}
	return said(resp.Msg), resp.Header(), nil
}
