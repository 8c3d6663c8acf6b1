// Package policy decides where a request goes, who may send it there, and
// whether its answer may be shared.
package policy

import (
	"net/http"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/souk-commerce/souk/kit/rpc"
)

// Route is where a request goes.
type Route struct {
	// The upstream's name: "web", or a service's.
	Upstream string
	// The procedure and its method, when it is an RPC.
	Procedure string
	Method    protoreflect.MethodDescriptor
	Rule      rpc.Rule
	// True when the answer is the same for everybody: it is asked for without
	// cookies and tokens, and may be kept if it says so.
	Public bool
}

// Table knows all routes.
type Table struct {
	procedures map[string]Route
	extra      map[string]string
	public     []string
	names      []string
}

// New reads the RPCs of the API's descriptors. Extra maps further path prefixes
// to upstreams. Public lists the path prefixes of the web's shared pages; one
// that ends in "$" stands for itself only.
func New(files *protoregistry.Files, extra map[string]string, public []string) *Table {
	t := &Table{procedures: map[string]Route{}, extra: extra, public: public}
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		parts := strings.Split(string(file.Package()), ".")
		if len(parts) != 3 || parts[0] != "souk" {
			return true
		}
		for i := range file.Services().Len() {
			t.addService(parts[1], file.Services().Get(i))
		}
		return true
	})
	return t
}

func (t *Table) addService(upstream string, service protoreflect.ServiceDescriptor) {
	open := false
	for i := range service.Methods().Len() {
		method := service.Methods().Get(i)
		rule := rpc.RuleOf(method)
		if !forOutside(rule) {
			continue
		}
		open = true
		procedure := "/" + string(service.FullName()) + "/" + string(method.Name())
		t.procedures[procedure] = Route{Upstream: upstream, Procedure: procedure, Method: method, Rule: rule}
	}
	if open {
		t.names = append(t.names, string(service.FullName()))
	}
}

// forOutside tells whether anybody but our own services may call.
func forOutside(rule rpc.Rule) bool {
	for _, role := range rule.Allow {
		if role != rpc.Service {
			return true
		}
	}
	return false
}

// Services names the services that can be called from outside.
func (t *Table) Services() []string { return t.names }

// Find returns where a request goes; false when nowhere.
func (t *Table) Find(r *http.Request) (Route, bool) {
	path := r.URL.Path
	if route, ok := t.procedures[path]; ok {
		route.Public = r.Method == http.MethodGet && route.Rule.Read && route.Rule.Cache != nil
		return route, true
	}
	if strings.HasPrefix(path, "/souk.") {
		return Route{}, false
	}
	for prefix, upstream := range t.extra {
		if strings.HasPrefix(path, prefix) {
			return Route{Upstream: upstream}, true
		}
	}
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	return Route{Upstream: "web", Public: read && t.isPublic(path)}, true
}

func (t *Table) isPublic(path string) bool {
	for _, p := range t.public {
		if exact, ok := strings.CutSuffix(p, "$"); ok && path == exact || !ok && strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

// Storable tells whether an answer to a public request may be kept, beyond what
// HTTP says: what is not clearly meant for everybody is not.
func Storable(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusOK, http.StatusNotFound, http.StatusMovedPermanently:
	default:
		return false
	}
	for part := range strings.SplitSeq(strings.Join(resp.Header["Cache-Control"], ","), ",") {
		if strings.EqualFold(strings.TrimSpace(part), "public") {
			return true
		}
	}
	return false
}
