package rpc

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Rule is what the API declares beside an RPC, in the options of package
// souk.option.v1 and in its idempotency level.
type Rule struct {
	// Who may call. None means nobody.
	Allow []Role
	// The longest that a call may take.
	Deadline time.Duration
	// For how long shared caches may keep the answer; nil means not at all.
	Cache *Cache
	// True when the RPC changes nothing and may be called with GET.
	Read bool
}

// Cache is for how long, in seconds, an answer may be kept (RFC 9111, RFC 5861).
type Cache struct{ Shared, Browser, Stale, Error int32 }

// Header is the Cache-Control header that says so.
func (c *Cache) Header() string {
	return fmt.Sprintf("public, max-age=%d, s-maxage=%d, stale-while-revalidate=%d, stale-if-error=%d", c.Browser, c.Shared, c.Stale, c.Error)
}

// DefaultDeadline holds where the API gives none.
const DefaultDeadline = 10 * time.Second

// RuleOf reads the rule of a method.
func RuleOf(method protoreflect.MethodDescriptor) Rule {
	rule := Rule{Deadline: DefaultDeadline}
	options, ok := method.Options().(*descriptorpb.MethodOptions)
	if !ok || options == nil {
		return rule
	}
	rule.Read = options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
	options.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch field.FullName() {
		case "souk.option.v1.allow":
			for i := range value.List().Len() {
				role := field.Enum().Values().ByNumber(value.List().Get(i).Enum())
				rule.Allow = append(rule.Allow, Role(strings.ToLower(strings.TrimPrefix(string(role.Name()), "ROLE_"))))
			}
		case "souk.option.v1.deadline_ms":
			rule.Deadline = time.Duration(value.Int()) * time.Millisecond
		case "souk.option.v1.cache":
			rule.Cache = cacheOf(value.Message())
		}
		return true
	})
	return rule
}

func cacheOf(m protoreflect.Message) *Cache {
	seconds := func(name protoreflect.Name) int32 {
		return int32(m.Get(m.Descriptor().Fields().ByName(name)).Int())
	}
	return &Cache{Shared: seconds("shared_seconds"), Browser: seconds("browser_seconds"), Stale: seconds("stale_seconds"), Error: seconds("error_seconds")}
}
