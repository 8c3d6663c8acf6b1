// Package access reads the options that stand beside each RPC in the API:
// who may call it, for how long it may run, for how long its answer may be
// kept by shared caches.
package access

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	optionv1 "github.com/souk-commerce/souk/api/gen/souk/option/v1"
)

// Rule is what the API says of one RPC.
type Rule struct {
	// Roles that may call: "anyone", "guest", "shopper", "admin", "service".
	// None means nobody.
	Roles []string
	// The longest that a call may take.
	Deadline time.Duration
	// Nil when the answer must not be kept by shared caches.
	Cache *optionv1.Cache
	// True when the RPC changes nothing and may be called with GET.
	Read bool
}

var names = map[optionv1.Role]string{
	optionv1.Role_ROLE_ANYONE:  "anyone",
	optionv1.Role_ROLE_GUEST:   "guest",
	optionv1.Role_ROLE_SHOPPER: "shopper",
	optionv1.Role_ROLE_ADMIN:   "admin",
	optionv1.Role_ROLE_SERVICE: "service",
}

// Of returns the rule of a method.
func Of(method protoreflect.MethodDescriptor) Rule {
	rule := Rule{Deadline: 10 * time.Second}
	options := method.Options()
	for _, role := range proto.GetExtension(options, optionv1.E_Allow).([]optionv1.Role) {
		if name, ok := names[role]; ok {
			rule.Roles = append(rule.Roles, name)
		}
	}
	if ms := proto.GetExtension(options, optionv1.E_DeadlineMs).(int32); ms > 0 {
		rule.Deadline = time.Duration(ms) * time.Millisecond
	}
	if proto.HasExtension(options, optionv1.E_Cache) {
		rule.Cache = proto.GetExtension(options, optionv1.E_Cache).(*optionv1.Cache)
	}
	if o, ok := options.(*descriptorpb.MethodOptions); ok {
		rule.Read = o.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
	}
	return rule
}
