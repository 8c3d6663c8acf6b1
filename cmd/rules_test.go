package cmd_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "github.com/souk-commerce/souk/edge" // the whole API
	"github.com/souk-commerce/souk/kit/rpc"
)

// Every RPC says who may call it and means what it says.
func TestEveryRPCHasARule(t *testing.T) {
	n := 0
	root := os.DirFS("../api")
	err := fs.WalkDir(root, "souk", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".proto" {
			return err
		}
		file, err := protoregistry.GlobalFiles.FindFileByPath(name)
		if err != nil {
			t.Errorf("%s: the edge does not know it, so nobody can call it: %v", name, err)
			return nil
		}
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				n++
				for _, wrong := range judge(methods.Get(j)) {
					t.Errorf("%s: %s", methods.Get(j).FullName(), wrong)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 50 {
		t.Errorf("found %d RPCs, want at least 50", n)
	}
}

// What shoppers wait for, and staff.
const longest, longestForStaff = 60 * time.Second, 15 * time.Minute

func judge(method protoreflect.MethodDescriptor) (wrong []string) {
	rule := rpc.RuleOf(method)
	if len(rule.Allow) == 0 {
		wrong = append(wrong, "nobody may call it: say souk.option.v1.allow")
	}
	open, most := false, longestForStaff
	for _, role := range rule.Allow {
		switch role {
		case rpc.Anyone:
			open, most = true, longest
		case rpc.Guest, rpc.Shopper:
			most = longest
		case rpc.Admin, rpc.Service:
		default:
			wrong = append(wrong, "unknown role "+string(role))
		}
	}
	if rule.Cache != nil && (!open || !rule.Read) {
		wrong = append(wrong, "only reads that are open to anyone are kept in caches")
	}
	if c := rule.Cache; c != nil && (c.Shared <= 0 || c.Browser < 0 || c.Stale < 0 || c.Error < 0) {
		wrong = append(wrong, "its cache times make no sense: "+c.Header())
	}
	if rule.Deadline <= 0 || rule.Deadline > most {
		wrong = append(wrong, "takes "+rule.Deadline.String())
	}
	name := string(method.Name())
	looks := strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List") || strings.HasPrefix(name, "BatchGet") || strings.HasPrefix(name, "Search")
	if looks && !rule.Read {
		wrong = append(wrong, "is named as a read and is none: say NO_SIDE_EFFECTS, or rename it")
	}
	changes := strings.HasPrefix(name, "Create") || strings.HasPrefix(name, "Update") || strings.HasPrefix(name, "Delete") || strings.HasPrefix(name, "Upsert") || strings.HasPrefix(name, "Save")
	if changes && rule.Read {
		wrong = append(wrong, "is named as a change and says NO_SIDE_EFFECTS")
	}
	return wrong
}
