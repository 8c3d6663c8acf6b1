// Command litegen is a protoc plugin that makes the browser's light messages.
//
// It runs protoc-gen-go-lite on the API without what only servers need:
// validation rules and our own options. With them every light package would
// import google.golang.org/protobuf, which is what the browser must not carry.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

var serverOnly = []string{"buf/validate/validate.proto", "souk/option/v1/option.proto", "google/protobuf/descriptor.proto"}

func main() {
	if err := generate(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "litegen:", err)
		os.Exit(1)
	}
}

func generate(in io.Reader, out io.Writer) error {
	raw, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	var req pluginpb.CodeGeneratorRequest
	if err := proto.Unmarshal(raw, &req); err != nil {
		return err
	}
	drop := func(name string) bool { return slices.Contains(serverOnly, name) }
	req.FileToGenerate = slices.DeleteFunc(req.FileToGenerate, drop)
	req.ProtoFile = slices.DeleteFunc(req.ProtoFile, func(f *descriptorpb.FileDescriptorProto) bool { return drop(f.GetName()) })
	req.SourceFileDescriptors = nil
	for _, file := range req.ProtoFile {
		file.Dependency = slices.DeleteFunc(file.Dependency, drop)
		file.PublicDependency, file.WeakDependency = nil, nil
		for _, m := range file.MessageType {
			stripMessage(m)
		}
		for _, s := range file.Service {
			for _, m := range s.Method {
				stripUnknown(m.GetOptions())
			}
		}
	}
	if raw, err = proto.Marshal(&req); err != nil {
		return err
	}
	var made bytes.Buffer
	plugin := exec.Command("go", "tool", "protoc-gen-go-lite")
	plugin.Stdin, plugin.Stdout, plugin.Stderr = bytes.NewReader(raw), &made, os.Stderr
	if err := plugin.Run(); err != nil {
		return err
	}
	return quiet(made.Bytes(), out)
}

// quietly tells staticcheck that it is the generator who counts in vain.
const quietly = "//lint:file-ignore SA4006 the generator counts to the end of each message\n\npackage "

// quiet passes the plugin's answer on, with quietly in each file.
func quiet(raw []byte, out io.Writer) error {
	var resp pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(raw, &resp); err != nil {
		return err
	}
	for _, f := range resp.File {
		f.Content = proto.String(strings.Replace(f.GetContent(), "package ", quietly, 1))
	}
	text, err := proto.Marshal(&resp)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}

func stripMessage(m *descriptorpb.DescriptorProto) {
	stripUnknown(m.GetOptions())
	for _, f := range m.Field {
		stripUnknown(f.GetOptions())
	}
	for _, n := range m.NestedType {
		stripMessage(n)
	}
}

// stripUnknown removes extensions, which this program does not link and so
// sees as unknown fields.
func stripUnknown(options proto.Message) {
	if options.ProtoReflect().IsValid() {
		options.ProtoReflect().SetUnknown(nil)
	}
}
