package payment_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/souk-commerce/souk/kit/clock"
)

// stripeMock runs Stripe's own mock for a test: it knows what Stripe's API takes
// and how it answers, but remembers nothing.
func stripeMock(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "stripe-mock")
	build := exec.Command("go", "-C", "../../tools/stripemock", "build", "-o", program, "github.com/stripe/stripe-mock")
	build.Env = append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build stripe-mock: %v: %s", err, out)
	}
	mock := exec.Command(program, "-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0")
	out, err := mock.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := mock.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	t.Cleanup(func() { mock.Process.Kill(); reading.Wait(); mock.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, address, ok := strings.Cut(lines.Text(), "HTTP at address: "); ok {
			reading.Go(func() { io.Copy(io.Discard, out) })
			return "http://" + address
		}
	}
	t.Fatalf("stripe-mock says nothing: %v", lines.Err())
	return ""
}

// bank plays Stripe. Each request goes to Stripe's mock first, which refuses what
// the API does not take; what is remembered is laid over the mock's answer.
type bank struct {
	t     *testing.T
	url   string
	mock  string
	clock clock.Clock

	mu      sync.Mutex
	keys    []string // that are good
	intents []*intent
	refunds []map[string]any
	answers map[string]answer // by idempotency key
	kept    map[string]string // payment method to customer
	n       int
	// How often something was done.
	made map[string]int
	// Requests that the mock did not take.
	refused []string
	// Requests do not get here.
	deaf bool
	// Called before an answer goes out; it may send webhooks, or lose the answer.
	before func(path string)
}

type answer struct {
	body   string
	status int
	text   []byte
}

type intent struct {
	id, status, method, currency, decline, customer string
	types                                           []string
	amount, received, refunded                      int64
	created                                         int64
	metadata                                        map[string]string
	manual, save, hidden                            bool
}

func newBank(t *testing.T, c clock.Clock) *bank {
	b := &bank{t: t, mock: stripeMock(t), clock: c, keys: []string{"sk_test_one"}, answers: map[string]answer{}, kept: map[string]string{}, made: map[string]int{}}
	server := httptest.NewServer(b)
	b.url = server.URL
	t.Cleanup(func() {
		server.Close()
		if len(b.refused) > 0 {
			t.Errorf("Stripe's API does not take: %q", b.refused)
		}
	})
	return b
}

func (b *bank) count(what string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.made[what]
}

// change changes what the bank knows.
func (b *bank) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

func (b *bank) intent(payment string) *intent {
	for _, i := range b.intents {
		if i.metadata["souk_payment"] == payment {
			return i
		}
	}
	b.t.Fatalf("there is no intent of %s", payment)
	return nil
}

// confirm ends the shopper's action.
func (b *bank) confirm(payment, status string) {
	b.change(func() {
		i := b.intent(payment)
		switch i.status = status; status {
		case "requires_payment_method":
			i.decline = "payment_intent_authentication_failure"
		case "succeeded":
			i.received = i.amount
		}
	})
}

func failed(status int, kind, code, param string) answer {
	text, _ := json.Marshal(map[string]any{"error": map[string]any{"type": kind, "code": code, "param": param, "message": "no"}})
	return answer{status: status, text: text}
}

func (b *bank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	deaf := b.deaf
	b.mu.Unlock()
	if deaf {
		panic(http.ErrAbortHandler)
	}
	body, _ := io.ReadAll(r.Body)
	a := b.answer(r, string(body))
	b.mu.Lock()
	before := b.before
	b.mu.Unlock()
	if before != nil {
		before(r.Method + " " + r.URL.Path)
	}
	w.Header().Set("Request-Id", "req_test")
	w.WriteHeader(a.status)
	w.Write(a.text)
}

func (b *bank) answer(r *http.Request, body string) answer {
	mocked := b.ask(r, body)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.keys, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")) {
		return failed(401, "invalid_request_error", "", "")
	}
	if mocked.status >= 400 {
		b.refused = append(b.refused, fmt.Sprintf("%s %s %s: %s", r.Method, r.URL, body, mocked.text))
		return mocked
	}
	key := r.Header.Get("Idempotency-Key")
	if known, ok := b.answers[key]; ok && r.Method == http.MethodPost {
		if known.body != body {
			return failed(400, "idempotency_error", "", "")
		}
		return known
	}
	form, _ := url.ParseQuery(body)
	var of map[string]any
	json.Unmarshal(mocked.text, &of)
	done := b.do(r, form, of)
	if r.Method == http.MethodPost {
		done.body = body
		b.answers[key] = done
	}
	return done
}

func (b *bank) ask(r *http.Request, body string) answer {
	req, err := http.NewRequest(r.Method, b.mock+r.URL.RequestURI(), strings.NewReader(body))
	if err != nil {
		return answer{status: 500, text: []byte(err.Error())}
	}
	req.Header = r.Header.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{status: 500, text: []byte(err.Error())}
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, text: text}
}

func ok(v any) answer {
	text, _ := json.Marshal(v)
	return answer{status: 200, text: text}
}

func (b *bank) do(r *http.Request, form url.Values, of map[string]any) answer {
	part := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	query := r.URL.Query()
	switch what := r.Method + " " + part[0] + strings.Repeat("/", len(part)-1) + last(part); {
	case r.Method == "POST" && r.URL.Path == "/v1/payment_intents":
		return b.create(form, of)
	case r.URL.Path == "/v1/payment_intents/search":
		return b.list(of, func(i *intent) bool {
			return query.Get("query") == fmt.Sprintf(`metadata["souk_payment"]:"%s"`, i.metadata["souk_payment"])
		})
	case r.URL.Path == "/v1/payment_intents":
		from, _ := strconv.ParseInt(query.Get("created[gte]"), 10, 64)
		to, _ := strconv.ParseInt(query.Get("created[lt]"), 10, 64)
		return b.list(of, func(i *intent) bool { return i.created >= from && i.created < to })
	case part[0] == "payment_intents":
		return b.on(part, of)
	case r.URL.Path == "/v1/refunds" && r.Method == "POST":
		return b.refund(form, of)
	case r.URL.Path == "/v1/refunds":
		return ok(page(of, slices.Collect(filter(b.refunds, func(m map[string]any) bool { return m["payment_intent"] == query.Get("payment_intent") }))))
	case r.URL.Path == "/v1/customers":
		b.n++
		of["id"] = fmt.Sprintf("cus_%d", b.n)
		return ok(of)
	case part[0] == "payment_methods":
		return b.methods(part, query.Get("customer"), of)
	default:
		b.t.Errorf("the bank does not play %s", what)
		return failed(500, "api_error", "", "")
	}
}

func last(part []string) string { return part[len(part)-1] }

func filter[T any](all []T, keep func(T) bool) func(yield func(T) bool) {
	return func(yield func(T) bool) {
		for _, v := range all {
			if keep(v) && !yield(v) {
				return
			}
		}
	}
}

func page[T any](of map[string]any, all []T) map[string]any {
	of["data"], of["has_more"] = append([]T{}, all...), false
	delete(of, "next_page")
	return of
}

// create makes an intent as the payment method's name says.
func (b *bank) create(form url.Values, of map[string]any) answer {
	b.n++
	amount, _ := strconv.ParseInt(form.Get("amount"), 10, 64)
	i := &intent{
		id: fmt.Sprintf("pi_%d", b.n), amount: amount, currency: form.Get("currency"), customer: form.Get("customer"), created: b.clock.Now().Unix(),
		method: cmp.Or(form.Get("payment_method"), form.Get("confirmation_token"), form.Get("payment_method_data[type]")), metadata: map[string]string{},
	}
	for name, values := range form {
		if key, ok := strings.CutPrefix(name, "metadata["); ok {
			i.metadata[strings.TrimSuffix(key, "]")] = values[0]
		}
		if strings.HasPrefix(name, "payment_method_types") {
			i.types = append(i.types, values...)
		}
	}
	i.manual = form.Get("payment_method_options[card][capture_method]") == "manual"
	i.save = form.Get("payment_method_options[card][setup_future_usage]") != ""
	if owner, kept := b.kept[i.method]; kept && owner != i.customer {
		return failed(400, "invalid_request_error", "", "payment_method")
	}
	switch i.method {
	case "pm_unknown":
		return failed(404, "invalid_request_error", "resource_missing", "payment_method")
	case "pm_wrong":
		return failed(400, "invalid_request_error", "parameter_invalid", "payment_method_types")
	case "pm_broken":
		// Stripe fails after it has done it, and says so under this key for ever.
		i.status = "requires_capture"
		b.add(i)
		return failed(500, "api_error", "", "")
	case "pm_busy":
		return failed(429, "invalid_request_error", "lock_timeout", "")
	case "pm_declined", "pm_poor", "pm_stolen":
		i.status, i.decline = "requires_payment_method", map[string]string{"pm_declined": "generic_decline", "pm_poor": "insufficient_funds", "pm_stolen": "stolen_card"}[i.method]
		b.add(i)
		text, _ := json.Marshal(map[string]any{"error": map[string]any{"type": "card_error", "code": "card_declined", "decline_code": i.decline, "payment_intent": b.show(i, of)}})
		return answer{status: 402, text: text}
	case "pm_3ds", "ideal", "ctoken_sepa":
		i.status = "requires_action"
	case "pm_waits":
		i.status = "processing"
	default:
		i.status = "requires_capture"
	}
	b.add(i)
	return ok(b.show(i, of))
}

func (b *bank) add(i *intent) {
	b.intents = append(b.intents, i)
	b.made["intent"]++
	if i.save {
		b.kept[i.method] = i.customer
	}
}

// show lays an intent over what the mock answers.
func (b *bank) show(i *intent, of map[string]any) map[string]any {
	of = maps.Clone(of)
	maps.Copy(of, map[string]any{
		"id": i.id, "object": "payment_intent", "status": i.status, "amount": i.amount, "amount_received": i.received, "currency": i.currency, "created": i.created,
		"metadata": i.metadata, "next_action": nil, "last_payment_error": nil, "latest_charge": nil, "client_secret": i.id + "_secret_of_the_client",
	})
	switch i.status {
	case "requires_action":
		of["next_action"] = map[string]any{"type": "redirect_to_url", "redirect_to_url": map[string]any{"url": "https://hooks.stripe.example/3ds/" + i.id}}
	case "requires_payment_method":
		of["last_payment_error"] = map[string]any{"type": "card_error", "code": cmp.Or(i.decline, "card_declined"), "decline_code": i.decline}
	case "requires_capture", "succeeded", "processing":
		of["latest_charge"] = map[string]any{
			"id": "ch_" + i.id, "object": "charge", "amount": i.amount, "amount_refunded": i.refunded,
			"payment_method_details": map[string]any{"type": "card", "card": map[string]any{"brand": "visa", "last4": "4242"}},
		}
	}
	return of
}

func (b *bank) list(of map[string]any, want func(*intent) bool) answer {
	all := []map[string]any{}
	for i := range filter(b.intents, func(i *intent) bool { return !i.hidden && want(i) }) {
		all = append(all, b.show(i, map[string]any{}))
	}
	return ok(page(of, all))
}

// on does something with one intent.
func (b *bank) on(part []string, of map[string]any) answer {
	at := slices.IndexFunc(b.intents, func(i *intent) bool { return i.id == part[1] })
	if at < 0 {
		return failed(404, "invalid_request_error", "resource_missing", "intent")
	}
	i := b.intents[at]
	switch {
	case len(part) == 2:
	case part[2] == "capture" && i.status == "requires_capture":
		if i.method == "pm_lapses" {
			return failed(400, "invalid_request_error", "capture_charge_authorization_expired", "")
		}
		i.status, i.received = "succeeded", i.amount
		b.made["capture"]++
	case part[2] == "cancel" && slices.Contains([]string{"requires_capture", "requires_action", "requires_payment_method"}, i.status):
		i.status = "canceled"
		b.made["cancel"]++
	default:
		return failed(400, "invalid_request_error", "payment_intent_unexpected_state", "")
	}
	return ok(b.show(i, of))
}

func (b *bank) refund(form url.Values, of map[string]any) answer {
	amount, _ := strconv.ParseInt(form.Get("amount"), 10, 64)
	at := slices.IndexFunc(b.intents, func(i *intent) bool { return i.id == form.Get("payment_intent") })
	if at < 0 || b.intents[at].refunded+amount > b.intents[at].received {
		return failed(400, "invalid_request_error", "", "amount")
	}
	i := b.intents[at]
	i.refunded += amount
	b.n++
	b.made["refund"]++
	maps.Copy(of, map[string]any{"id": fmt.Sprintf("re_%d", b.n), "amount": amount, "status": "succeeded", "payment_intent": i.id,
		"metadata": map[string]string{"souk_payment": form.Get("metadata[souk_payment]"), "souk_refund": form.Get("metadata[souk_refund]")}})
	b.refunds = append(b.refunds, of)
	return ok(of)
}

func (b *bank) methods(part []string, customer string, of map[string]any) answer {
	show := func(id string) map[string]any {
		return map[string]any{"id": id, "object": "payment_method", "type": "card", "customer": b.kept[id], "card": map[string]any{"brand": "mastercard", "last4": "4444", "exp_month": 4, "exp_year": 2031}}
	}
	if len(part) == 1 {
		all := []map[string]any{}
		for _, id := range slices.Sorted(maps.Keys(b.kept)) {
			if b.kept[id] == customer {
				all = append(all, show(id))
			}
		}
		return ok(page(of, all))
	}
	if _, kept := b.kept[part[1]]; !kept {
		return failed(404, "invalid_request_error", "resource_missing", "payment_method")
	}
	if len(part) == 3 {
		delete(b.kept, part[1])
	}
	return ok(show(part[1]))
}

// message is a webhook's body as Stripe sends it, about a payment's intent as it is now.
func (b *bank) message(event, kind, payment string) []byte {
	b.t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "stripe", kind+".json"))
	if err != nil {
		b.t.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	i := b.intent(payment)
	for name, value := range map[string]string{"EVENT": event, "INTENT": i.id, "PAYMENT": payment, "CREATED": fmt.Sprint(b.clock.Now().Unix())} {
		body = bytes.ReplaceAll(body, []byte("$"+name), []byte(value))
	}
	return body
}
