package main_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	accountv1 "github.com/souk-commerce/souk/api/gen/souk/account/v1"
	"github.com/souk-commerce/souk/api/gen/souk/account/v1/accountv1connect"
	optionv1 "github.com/souk-commerce/souk/api/gen/souk/option/v1"
	orderv1 "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	searchv1 "github.com/souk-commerce/souk/api/gen/souk/search/v1"
	"github.com/souk-commerce/souk/api/gen/souk/search/v1/searchv1connect"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/rpc"
)

// cardTexts are a card's number as people type it.
var cardTexts = []string{"4000002500003155", "4000 0025 0000 3155", "4000-0025-0000-3155"}

// tellsCard tells whether something has that number in it, however it is written.
func tellsCard(text []byte) bool {
	for _, number := range append([]string{"4000+0025+0000+3155", "4000%200025%200000%203155"}, cardTexts...) {
		if bytes.Contains(text, []byte(number)) {
			return true
		}
	}
	return false
}

// fill puts a text into the strings of a message, into one or into all.
func fill(m protoreflect.Message, text string, depth int, only func(f protoreflect.FieldDescriptor) bool) (n int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		switch {
		case f.IsMap(), depth == 0:
		case f.Kind() == protoreflect.StringKind && only(f):
			n++
			if f.IsList() {
				m.Mutable(f).List().Append(protoreflect.ValueOfString(text))
			} else {
				m.Set(f, protoreflect.ValueOfString(text))
			}
		case f.Kind() == protoreflect.MessageKind && f.IsList():
			each := m.NewField(f).List().NewElement()
			if some := fill(each.Message(), text, depth-1, only); some > 0 {
				n += some
				m.Mutable(f).List().Append(each)
			}
		case f.Kind() == protoreflect.MessageKind:
			each := m.NewField(f).Message()
			if some := fill(each, text, depth-1, only); some > 0 {
				n += some
				m.Set(f, protoreflect.ValueOfMessage(each))
			}
		}
	}
	return n
}

// TestCardNumbersAreKeptNowhereInTheShop puts a card's number wherever the public
// API has room for text, and searches everything that the shop wrote: databases
// and their logs, events, mails, its own log, its traces.
func TestCardNumbersAreKeptNowhereInTheShop(t *testing.T) {
	var mu sync.Mutex
	var spans bytes.Buffer
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		io.Copy(&spans, r.Body)
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
	dir, err := os.MkdirTemp("", "souk-cards-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir, "--log-level", "debug")
	stopped := false
	defer func() {
		if !stopped {
			s.kill()
		}
	}()

	// What a shop does keep, to know that the search can find something.
	const kept = "Quentin Quokka-Control"
	b := s.buyer()
	req, err := b.request(t.Context(), "KIT001ET-SAGE", s.cardToken("4000002500003155"))
	if err != nil {
		t.Fatal(err)
	}
	req.ShippingAddress.Name = kept
	if c, err := b.place(t.Context(), req); err != nil || c.GetState() != orderv1.CheckoutState_CHECKOUT_STATE_PLACED {
		t.Fatalf("a purchase: %v, %v", c, err)
	}

	s.fillEveryRPC(t)
	s.typeInTheWrongField(t)
	s.lookForACard(t)

	waitFor(t, "spans", 10*time.Second, func() bool { mu.Lock(); defer mu.Unlock(); return spans.Len() > 100_000 })
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	stopped = true
	mu.Lock()
	if tellsCard(spans.Bytes()) {
		t.Error("a span has the card's number")
	}
	mu.Unlock()
	for line := range strings.Lines(s.out.String()) {
		if tellsCard([]byte(line)) {
			t.Errorf("the log has the card's number: %s", line)
		}
	}
	found := false
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found = found || bytes.Contains(content, []byte(kept))
		if tellsCard(content) {
			t.Errorf("the card's number is in %s", strings.TrimPrefix(path, dir))
		}
		return nil
	})
	if err != nil || !found {
		t.Errorf("searched the data directory: %v; what is kept was found: %v", err, found)
	}
}

// fillEveryRPC calls each RPC of the outside with the number in all its strings,
// and in each of them alone.
func (s *shop) fillEveryRPC(t *testing.T) {
	t.Helper()
	callers := []connect.HTTPClient{tokened(""), s.shopper(uuid.NewString()), s.admin()}
	n := 0
	for _, m := range methods() {
		allowed := proto.GetExtension(m.Options(), optionv1.E_Allow).([]optionv1.Role)
		outside := false
		for _, role := range allowed {
			outside = outside || role != optionv1.Role_ROLE_SERVICE
		}
		if !outside || m.IsStreamingClient() || m.IsStreamingServer() {
			continue
		}
		alone := []func(protoreflect.FieldDescriptor) bool{func(protoreflect.FieldDescriptor) bool { return true }}
		names := map[protoreflect.FullName]bool{}
		fill(dynamicpb.NewMessage(m.Input()), "", 4, func(f protoreflect.FieldDescriptor) bool { names[f.FullName()] = true; return true })
		for name := range names {
			alone = append(alone, func(f protoreflect.FieldDescriptor) bool { return f.FullName() == name })
		}
		for i, only := range alone {
			message := dynamicpb.NewMessage(m.Input())
			if fill(message, cardTexts[i%len(cardTexts)], 4, only) == 0 {
				continue
			}
			for _, client := range callers {
				n++
				if err := send(t.Context(), client, s.url, m, message); err != nil && tellsCard([]byte(fmt.Sprint(err))) {
					t.Errorf("%s repeats the number: %v", m.FullName(), err)
				}
			}
		}
	}
	if n < 300 {
		t.Errorf("only %d calls", n)
	}
	t.Logf("%d calls", n)
}

func send(ctx context.Context, client connect.HTTPClient, base string, m protoreflect.MethodDescriptor, message *dynamicpb.Message) error {
	c := connect.NewClient[dynamicpb.Message, dynamicpb.Message](client, base+"/"+string(m.Parent().FullName())+"/"+string(m.Name()), connect.WithSchema(m), connect.WithProtoJSON(),
		connect.WithResponseInitializer(func(_ connect.Spec, into any) error {
			if d, ok := into.(*dynamicpb.Message); ok {
				*d = *dynamicpb.NewMessage(m.Output())
			}
			return nil
		}))
	_, err := c.CallUnary(ctx, connect.NewRequest(message))
	return err
}

// typeInTheWrongField makes calls that are right but for a number where a name, a
// street or a mail address belongs. They say so, and nothing is done.
func (s *shop) typeInTheWrongField(t *testing.T) {
	t.Helper()
	refused := func(what string, err error) {
		t.Helper()
		f, ok := fault.As(rpc.FaultOf(err))
		if !ok || f.Reason != "card_number" || len(f.Fields) == 0 || tellsCard([]byte(fmt.Sprint(err))) {
			t.Errorf("%s: %v; want it refused for that", what, err)
		}
	}
	b := s.buyer()
	for _, text := range cardTexts {
		for what, change := range map[string]func(*orderv1.PlaceOrderRequest){
			"name":   func(r *orderv1.PlaceOrderRequest) { r.ShippingAddress.Name = text },
			"street": func(r *orderv1.PlaceOrderRequest) { r.ShippingAddress.Line1 = "12 St James's Square, " + text },
			"token":  func(r *orderv1.PlaceOrderRequest) { r.PaymentMethod = "tok_" + text },
			"mail":   func(r *orderv1.PlaceOrderRequest) { r.Email = strings.ReplaceAll(text, " ", ".") + "@example.com" },
		} {
			req, err := b.request(t.Context(), "KIT001ET-SAGE", s.cardToken("4242424242424242"))
			if err != nil {
				t.Fatal(err)
			}
			change(req)
			_, err = b.checkout.PlaceOrder(t.Context(), req)
			refused("an order whose "+what+" is the number", err)
		}
	}
	account := accountv1connect.NewAccountServiceClient(s.shopper(b.id), s.url)
	address := home()
	address.City = cardTexts[1]
	_, err := account.SaveAddress(t.Context(), &accountv1.SaveAddressRequest{Address: &accountv1.SavedAddress{Address: address}})
	refused("an address", err)
}

// lookForACard reads: the number is in addresses and in headers, and nothing is kept.
func (s *shop) lookForACard(t *testing.T) {
	t.Helper()
	search := searchv1connect.NewSearchServiceClient(http.DefaultClient, s.url, connect.WithHTTPGet())
	for _, text := range cardTexts {
		if _, err := search.Search(t.Context(), &searchv1.SearchRequest{Query: text}); err != nil {
			t.Errorf("a search: %v", err)
		}
		for _, path := range []string{"/search?q=" + url.QueryEscape(text), "/p/" + url.PathEscape(text), "/orders/" + url.PathEscape(text), "/?utm_source=" + url.QueryEscape(text)} {
			req, err := http.NewRequest(http.MethodGet, s.url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("User-Agent", text)
			req.Header.Set("Referer", s.url+"/?card="+url.QueryEscape(text))
			req.Header.Set("X-Request-Id", text)
			req.Header.Set("Baggage", "card="+url.QueryEscape(text))
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode >= 500 {
				t.Errorf("%s: %s", path, resp.Status)
			}
		}
	}
}
