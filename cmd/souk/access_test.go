package main_test

import (
	"context"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	accountv1 "github.com/souk-commerce/souk/api/gen/souk/account/v1"
	"github.com/souk-commerce/souk/api/gen/souk/account/v1/accountv1connect"
	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	optionv1 "github.com/souk-commerce/souk/api/gen/souk/option/v1"
	"github.com/souk-commerce/souk/kit/token"
)

// methods are all RPCs of the API.
func methods() (all []protoreflect.MethodDescriptor) {
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(f.Package()), "souk.") {
			return true
		}
		for i := range f.Services().Len() {
			for j := range f.Services().Get(i).Methods().Len() {
				all = append(all, f.Services().Get(i).Methods().Get(j))
			}
		}
		return true
	})
	return all
}

// call sends an empty message, by the procedure's name.
func call(ctx context.Context, client connect.HTTPClient, base string, m protoreflect.MethodDescriptor) error {
	procedure := "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
	c := connect.NewClient[dynamicpb.Message, dynamicpb.Message](client, base+procedure, connect.WithSchema(m),
		connect.WithResponseInitializer(func(_ connect.Spec, into any) error {
			if d, ok := into.(*dynamicpb.Message); ok {
				*d = *dynamicpb.NewMessage(m.Output())
			}
			return nil
		}))
	if m.IsStreamingClient() {
		stream := c.CallClientStream(ctx)
		_, err := stream.CloseAndReceive()
		return err
	}
	_, err := c.CallUnary(ctx, connect.NewRequest(dynamicpb.NewMessage(m.Input())))
	return err
}

// TestEveryRPCRefusesWhomItShould calls each RPC as everybody, at its service and
// through the edge, and compares with the API's own words.
func TestEveryRPCRefusesWhomItShould(t *testing.T) {
	s := theShop(t)
	callers := []struct {
		name   string
		role   optionv1.Role
		client connect.HTTPClient
	}{
		{"anonymous", optionv1.Role_ROLE_ANYONE, tokened("")},
		{"a forged token", optionv1.Role_ROLE_ANYONE, tokened("eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYWRtaW4ifQ.")},
		{"guest", optionv1.Role_ROLE_GUEST, s.as("account", "souk/account", token.Claims{Subject: uuid.NewString(), Role: "guest"})},
		{"shopper", optionv1.Role_ROLE_SHOPPER, s.shopper(uuid.NewString())},
		{"admin", optionv1.Role_ROLE_ADMIN, s.as("account", "souk/account", token.Claims{Subject: uuid.NewString(), Role: "admin"})},
		{"service", optionv1.Role_ROLE_SERVICE, s.service()},
		{"account's key as a service", optionv1.Role_ROLE_ANYONE, s.as("account", "souk/account", token.Claims{Subject: "order", Role: "service"})},
	}
	all := methods()
	if len(all) < 50 {
		t.Fatalf("found %d RPCs, want at least 50", len(all))
	}
	n := 0
	for _, m := range all {
		part := strings.Split(string(m.ParentFile().Package()), ".")[1]
		allowed := proto.GetExtension(m.Options(), optionv1.E_Allow).([]optionv1.Role)
		for _, c := range callers {
			may, outside := false, false
			for _, role := range allowed {
				may = may || role == c.role || role == optionv1.Role_ROLE_ANYONE
				// The edge believes no token of a service: services do not come from outside.
				outside = outside || role == c.role && role != optionv1.Role_ROLE_SERVICE || role == optionv1.Role_ROLE_ANYONE
			}
			for _, at := range []struct {
				name, base string
				may        bool
			}{{"at the service", s.parts[part], may}, {"through the edge", s.url, outside}} {
				n++
				err := call(t.Context(), c.client, at.base, m)
				code := connect.CodeOf(err)
				refused := err != nil && (code == connect.CodeUnauthenticated || code == connect.CodePermissionDenied || code == connect.CodeUnimplemented || code == connect.CodeNotFound && strings.Contains(err.Error(), "404"))
				// SignIn, Refresh and the like say so about their own content.
				if at.base == "" { // the edge is its own service
					continue
				}
				if at.may && part == "account" {
					continue
				}
				if refused == at.may {
					t.Errorf("%s as %s %s: %v; want allowed = %v", m.FullName(), c.name, at.name, err, at.may)
				}
				if err != nil && (code == connect.CodeInternal || code == connect.CodeUnknown) {
					t.Errorf("%s as %s %s: %v", m.FullName(), c.name, at.name, err)
				}
			}
		}
	}
	t.Logf("%d calls", n)
}

// TestAddressesAreTheirOwners has another shopper meddle with an address book.
func TestAddressesAreTheirOwners(t *testing.T) {
	s := theShop(t)
	ctx := t.Context()
	register := func() accountv1connect.AccountServiceClient {
		return accountv1connect.NewAccountServiceClient(s.registered(uuid.NewString()+"@example.com").client(t), s.url)
	}
	ada, eve := register(), register()
	made, err := ada.SaveAddress(ctx, &accountv1.SaveAddressRequest{Address: &accountv1.SavedAddress{Address: home()}})
	if err != nil {
		t.Fatal(err)
	}
	own := made.GetAddress()
	own.Address.City = "Elsewhere"
	if _, err := eve.SaveAddress(ctx, &accountv1.SaveAddressRequest{Address: own}); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("changing another's address: %v, want not_found", err)
	}
	if _, err := eve.DeleteAddress(ctx, &accountv1.DeleteAddressRequest{Id: own.GetId()}); err != nil && connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("deleting another's address: %v", err)
	}
	list, err := ada.ListAddresses(ctx, &accountv1.ListAddressesRequest{})
	if err != nil || len(list.GetAddresses()) != 1 || list.GetAddresses()[0].GetAddress().GetCity() != "San Francisco" {
		t.Errorf("after another's attempts: %v, %v", list, err)
	}
	if others, err := eve.ListAddresses(ctx, &accountv1.ListAddressesRequest{}); err != nil || len(others.GetAddresses()) != 0 {
		t.Errorf("another sees %v, %v", others, err)
	}
}

// TestOutsideClients lists products through the edge in every protocol, as
// programs do that know nothing but the API.
func TestOutsideClients(t *testing.T) {
	s := theShop(t)
	for name, options := range map[string][]connect.ClientOption{
		"Connect": nil, "Connect with JSON": {connect.WithProtoJSON()}, "Connect by GET": {connect.WithHTTPGet()},
		"gRPC": {connect.WithGRPC()}, "gRPC-Web": {connect.WithGRPCWeb()},
	} {
		client := catalogv1connect.NewProductServiceClient(h2c, s.url, options...)
		resp, err := client.ListProducts(t.Context(), &catalogv1.ListProductsRequest{PageSize: 5})
		if err != nil || len(resp.GetProducts()) != 5 {
			t.Errorf("%s: %d products, %v", name, len(resp.GetProducts()), err)
		}
	}
}
