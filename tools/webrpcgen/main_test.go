package main

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

func TestGenerate(t *testing.T) {
	method := func(name string, in, out bool, level descriptorpb.MethodOptions_IdempotencyLevel) *descriptorpb.MethodDescriptorProto {
		return &descriptorpb.MethodDescriptorProto{
			Name: &name, InputType: proto.String(".t.v1.Ask"), OutputType: proto.String(".t.v1.Answer"),
			ClientStreaming: &in, ServerStreaming: &out, Options: &descriptorpb.MethodOptions{IdempotencyLevel: &level},
		}
	}
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("t/v1/t.proto"), Package: proto.String("t.v1"), Syntax: proto.String("proto3"),
		Options:     &descriptorpb.FileOptions{GoPackage: proto.String("example.com/t/v1;tv1")},
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Ask")}, {Name: proto.String("Answer")}},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("TestService"), Method: []*descriptorpb.MethodDescriptorProto{
			method("Read", false, false, descriptorpb.MethodOptions_NO_SIDE_EFFECTS),
			method("Write", false, false, descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN),
			method("Watch", false, true, descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN),
			method("Upload", true, false, descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN),
		}}},
	}
	plugin, err := protogen.Options{}.New(&pluginpb.CodeGeneratorRequest{FileToGenerate: []string{"t/v1/t.proto"}, ProtoFile: []*descriptorpb.FileDescriptorProto{file}})
	if err != nil {
		t.Fatal(err)
	}
	generate(plugin, plugin.Files[0])
	response := plugin.Response()
	if response.Error != nil || len(response.File) != 1 {
		t.Fatalf("response = %v", response)
	}
	code := response.File[0].GetContent()
	for _, want := range []string{
		`c.caller.Unary(ctx, "/t.v1.TestService/Read", true, request, response)`,
		`c.caller.Unary(ctx, "/t.v1.TestService/Write", false, request, response)`,
		`func (c TestServiceClient) Watch(ctx context.Context, request *Ask, each func(*Answer) error) error {`,
	} {
		if !strings.Contains(code, want) {
			t.Errorf("the code lacks %s:\n%s", want, code)
		}
	}
	if strings.Contains(code, "Upload") {
		t.Errorf("a client stream is there, which browsers cannot call:\n%s", code)
	}
}
