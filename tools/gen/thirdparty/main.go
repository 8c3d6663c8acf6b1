// Command thirdparty writes the .proto files of others that our API imports.
//
// They are printed from the descriptors inside the pinned Go modules, so that
// generating needs no schema registry and the proto and the Go code that we
// link can never be of two versions.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/jhump/protoreflect/v2/protoprint"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: thirdparty FOLDER")
		os.Exit(2)
	}
	files := []protoreflect.FileDescriptor{validate.File_buf_validate_validate_proto}
	for _, file := range files {
		if err := write(os.Args[1], file); err != nil {
			fmt.Fprintln(os.Stderr, "thirdparty:", err)
			os.Exit(1)
		}
	}
}

func write(folder string, file protoreflect.FileDescriptor) error {
	text, err := (&protoprint.Printer{Compact: true}).PrintProtoToString(file)
	if err != nil {
		return fmt.Errorf("print %s: %w", file.Path(), err)
	}
	to := filepath.Join(folder, filepath.FromSlash(file.Path()))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, []byte(text), 0o644)
}
