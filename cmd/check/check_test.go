package check_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/souk-commerce/souk/cmd/check"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/services/account"
	"github.com/souk-commerce/souk/services/cart"
	"github.com/souk-commerce/souk/services/catalog"
	"github.com/souk-commerce/souk/services/inventory"
	"github.com/souk-commerce/souk/services/notification"
	"github.com/souk-commerce/souk/services/order"
	"github.com/souk-commerce/souk/services/payment"
	"github.com/souk-commerce/souk/services/payment/sandbox"
	"github.com/souk-commerce/souk/services/search"
)

func TestMain(m *testing.M) { kittest.Main(m) }

// books are the databases of a shop that has sold three lamps, one of which came
// back, and refused a fourth.
type books struct {
	t    *testing.T
	dbs  map[string]*crdb.DB
	only string // the service that is written to; empty: all
}

func open(t *testing.T) books {
	b := books{t, map[string]*crdb.DB{
		"account": kittest.DB(t, account.Migrations()), "cart": kittest.DB(t, cart.Migrations()), "catalog": kittest.DB(t, catalog.Migrations()),
		"inventory": kittest.DB(t, inventory.Migrations()), "notification": kittest.DB(t, notification.Migrations()), "order": kittest.DB(t, order.Migrations()),
		"payment": kittest.DB(t, payment.Migrations()), "sandbox": kittest.DB(t, sandbox.Migrations()), "search": kittest.DB(t, search.Migrations()),
	}, ""}
	b.write()
	return b
}

func (b books) do(service, sql string, args ...any) {
	b.t.Helper()
	if b.only != "" && service != b.only {
		return
	}
	done, err := b.dbs[service].Exec(b.t.Context(), sql, args...)
	if err != nil {
		b.t.Fatalf("%s: %s: %v", service, sql, err)
	}
	if done.RowsAffected() == 0 && !strings.HasPrefix(sql, "DELETE") {
		b.t.Fatalf("%s: %s: changed nothing", service, sql)
	}
}

// The checkouts of the story.
const (
	paid      = "11111111-1111-4111-8111-111111111111"
	cancelled = "22222222-2222-4222-8222-222222222222"
	refused   = "33333333-3333-4333-8333-333333333333"
	mail      = "44444444-4444-4444-8444-44444444444"
)

var tables = map[string][]string{
	"cart": {"inbox"}, "catalog": {"products"}, "inventory": {"item", "level", "ledger", "reservation", "returned", "outbox"}, "notification": {"delivery"},
	"order": {"checkout", "sale_order", "errand", "outbox"}, "payment": {"payment", "refund"}, "sandbox": {"sandbox_payment"}, "search": {"stock", "document"},
}

// write tells the story from its beginning.
func (b books) write() {
	b.t.Helper()
	for service, all := range tables {
		for _, table := range all {
			b.do(service, "DELETE FROM "+table)
		}
	}
	const then = `now() - INTERVAL '1 hour'`
	for id, of := range map[string]string{paid: "AAAA", cancelled: "BBBB", refused: ""} {
		b.do("order", `INSERT INTO checkout (id, owner, step, hash, body, holder, lease_until, due_at, created_at) VALUES ($1, 'ada', 'ended', '', '{}', '', `+then+`, `+then+`, `+then+`)`, id)
		if of == "" {
			continue
		}
		status := "placed"
		if id == cancelled {
			status = "cancelled"
		}
		b.do("order", `INSERT INTO sale_order (id, number, owner, checkout, status, email, body, version, created_at)
			VALUES ($1, $2, 'ada', $1, $3, 'ada@example.com', '{"Totals": {"Total": {"currency": "USD", "minor": 4900}}}', 1, `+then+`)`, id, of, status)
		b.do("inventory", `INSERT INTO reservation (id, state, lines, held, order_id, expires_at) VALUES ($1, 'committed', '[{"SKU": "LAMP", "Units": 1}]', $2, $1, `+then+`)`,
			id, map[string]string{paid: `[{"SKU": "LAMP", "Location": "main", "Units": 1}]`, cancelled: `[{"SKU": "LAMP", "Location": "main", "Units": 1, "Returned": 1}]`}[id])
		b.do("inventory", `INSERT INTO ledger (id, sku, location, kind, units, reason, actor, created_at) VALUES (gen_random_uuid(), 'LAMP', 'main', 'sold', -1, $1, 'order', now())`, id)
		b.do("cart", `INSERT INTO inbox (consumer, event_id, handled_at) VALUES ('cart', $1, now())`, id)
	}
	pay := func(id, state, theirs string, captured, back int64) {
		b.do("payment", `INSERT INTO payment (id, state, currency, amount, captured, refunded, provider, reference, method, return_url, action_url, decline, summary, settled, check_at, tries, created_at)
			VALUES ($1, $2, 'USD', 4900, $3, $4, 'sandbox', $1, '', '', '', '', '', true, now(), 0, now())`, id, state, captured, back)
		b.do("sandbox", `INSERT INTO sandbox_payment (id, reference, status, currency, amount, captured, refunded, card, decline_code, return_url, created_at)
			VALUES ($1, $1, $2, 'USD', 4900, $3, $4, '', '', '', now())`, id, theirs, captured, back)
	}
	pay(paid, "captured", "captured", 4900, 0)
	pay(cancelled, "refunded", "refunded", 4900, 4900)
	pay(refused, "voided", "voided", 0, 0)
	b.do("payment", `INSERT INTO refund (payment, id, amount, done, created_at) VALUES ($1, 'undo', 4900, true, now())`, cancelled)
	b.do("inventory", `INSERT INTO reservation (id, state, lines, held, order_id, expires_at) VALUES ($1, 'released', '[{"SKU": "LAMP", "Units": 1}]', '[{"SKU": "LAMP", "Location": "main", "Units": 1}]', '', now())`, refused)
	b.do("inventory", `INSERT INTO ledger (id, sku, location, kind, units, reason, actor, created_at) VALUES (gen_random_uuid(), 'LAMP', 'main', 'received', 10, '', 'staff', now())`)
	b.do("inventory", `INSERT INTO ledger (id, sku, location, kind, units, reason, actor, created_at) VALUES (gen_random_uuid(), 'LAMP', 'main', 'returned', 1, '', 'order', now())`)
	b.do("inventory", `INSERT INTO level (sku, location, on_hand, reserved, backorder) VALUES ('LAMP', 'main', 9, 0, false)`)
	b.do("inventory", `INSERT INTO item (sku, backorder, available, version) VALUES ('LAMP', false, 9, 5)`)
	b.do("search", `INSERT INTO stock (sku, version, in_stock, changed_at) VALUES ('LAMP', 5, true, now())`)
	b.do("search", `INSERT INTO document (id, version, body, changed_at) VALUES ($1, 3, '{}', now())`, paid)
	b.do("catalog", `INSERT INTO products (id, slug, external_id, status, title_key, version, created_at, updated_at, document) VALUES ($1, 'lamp', '', 'published', 'lamp', 3, now(), now(), '{}')`, paid)
	for n, d := range [][2]string{{"order_confirmation", "AAAA"}, {"order_confirmation", "BBBB"}, {"cancelled", "BBBB"}} {
		id := mail + string(rune('0'+n))
		b.do("notification", `INSERT INTO delivery (id, event_id, recipient, template, subject, letter, state, attempts, last_error, created_at, sent_at, due_at)
			VALUES ($1::UUID, $1::TEXT, 'ada@example.com', $2, '', jsonb_build_object('Order', jsonb_build_object('Number', $3::TEXT)), 'sent', 1, '', now(), now(), now())`, id, d[0], d[1])
	}
}

func (b books) find(mailbox map[string]int, quiet bool) []string {
	b.t.Helper()
	found, err := check.Run(b.t.Context(), check.Books{Databases: b.dbs, Mailbox: func() (map[string]int, error) { return mailbox, nil }, Quiet: quiet})
	if err != nil {
		b.t.Fatal(err)
	}
	var lines []string
	for _, f := range found {
		lines = append(lines, f.String())
	}
	return lines
}

func arrived() map[string]int { return map[string]int{mail + "0": 1, mail + "1": 1, mail + "2": 1} }

func TestBooksThatAgree(t *testing.T) {
	b := open(t)
	for _, quiet := range []bool{false, true} {
		if found := b.find(arrived(), quiet); len(found) > 0 {
			t.Errorf("found %q in good books (quiet: %v)", found, quiet)
		}
	}
}

// Every kind of damage is seen, and said of the right one.
func TestDamageIsFound(t *testing.T) {
	b := open(t)
	for _, c := range []struct {
		name, service, sql string
		want               string // the beginning of a line
	}{
		{"money that was never taken", "payment", `UPDATE payment SET captured = 0, state = 'authorized' WHERE id = '` + paid + `'`, "money: order AAAA is over 4900 USD, and 0"},
		{"a payment that is gone", "payment", `DELETE FROM payment WHERE id = '` + paid + `'`, "money: order AAAA over 4900 USD was never paid"},
		{"another price", "order", `UPDATE sale_order SET body = '{"Totals": {"Total": {"currency": "USD", "minor": 4800}}}' WHERE number = 'AAAA'`, "money: order AAAA is over 4800 USD, and 4900"},
		{"money without an order", "order", `DELETE FROM sale_order WHERE number = 'AAAA'`, "money: payment " + paid + ": 4900 USD were taken and there is no order"},
		{"money held for a refused checkout", "payment", `UPDATE payment SET state = 'authorized' WHERE id = '` + refused + `'`, "money: payment " + refused + " is authorized and its checkout has ended"},
		{"a cancelled order that is still paid", "payment", `UPDATE payment SET refunded = 0, state = 'captured' WHERE id = '` + cancelled + `'`, "money: order BBBB is cancelled, and 0 of 4900 USD came back"},
		{"a refund that is not counted", "payment", `UPDATE payment SET refunded = 100 WHERE id = '` + cancelled + `'`, "money: payment " + cancelled + ": refunds of 4900 USD are done, and it says 100"},
		{"a refund that waits", "payment", `UPDATE refund SET done = false, due_at = now() - INTERVAL '1 hour'`, "money: refund undo of payment " + cancelled + " is waiting"},
		{"a provider who took more", "sandbox", `UPDATE sandbox_payment SET refunded = 1 WHERE reference = '` + paid + `'`, "money: payment " + paid + ": we took 4900"},
		{"a provider who holds money", "sandbox", `UPDATE sandbox_payment SET status = 'authorized' WHERE reference = '` + refused + `'`, "money: payment " + refused + " is voided here and authorized"},
		{"a provider who knows more", "payment", `DELETE FROM payment WHERE id = '` + refused + `'`, "money: the provider has payment " + refused},
		{"a provider who knows less", "sandbox", `DELETE FROM sandbox_payment WHERE reference = '` + paid + `'`, "money: payment " + paid + " is captured here"},
		{"units that vanished", "inventory", `UPDATE level SET on_hand = 8`, "stock: LAMP at main: 8 on hand, and the ledger says 9"},
		{"a level that vanished", "inventory", `DELETE FROM level`, "stock: LAMP at main: 0 on hand, and the ledger says 9"},
		{"a ledger that forgot", "inventory", `DELETE FROM ledger WHERE kind = 'sold' AND reason = '` + paid + `'`, "stock: LAMP at main: the ledger has 1 sold, and reservations 2"},
		{"a return nobody booked", "inventory", `DELETE FROM ledger WHERE kind = 'returned'`, "stock: LAMP: reservations have 1 more returned than the ledger"},
		{"units reserved for nobody", "inventory", `UPDATE level SET reserved = 2`, "stock: LAMP at main: 2 reserved, and reservations hold 0"},
		{"more promised than there is", "inventory", `UPDATE item SET available = 10`, "stock: LAMP: 10 said to be available, and 9 are"},
		{"a sale without goods", "inventory", `UPDATE reservation SET state = 'expired' WHERE id = '` + paid + `'`, "stock: order AAAA is complete, and its units were never sold"},
		{"units of a cancelled order", "inventory", `UPDATE reservation SET held = '[{"SKU": "LAMP", "Location": "main", "Units": 1}]' WHERE id = '` + cancelled + `'`, "stock: order BBBB is cancelled, and 0 of its 1 units came back"},
		{"a reservation of an ended checkout", "inventory", `UPDATE reservation SET state = 'held' WHERE id = '` + refused + `'`, "reservation: " + refused + " holds 1 units, and its checkout has ended"},
		{"a reservation of nobody", "inventory", `UPDATE reservation SET id = 'nobody', state = 'held', expires_at = now() - INTERVAL '1 hour' WHERE id = '` + refused + `'`, "reservation: nobody holds 1 units"},
		{"fewer units than wanted", "inventory", `UPDATE reservation SET lines = '[{"SKU": "LAMP", "Units": 2}]' WHERE id = '` + paid + `'`, "reservation: " + paid + " is of 2 units, and 1 were sold"},
		{"units of another order", "inventory", `UPDATE reservation SET order_id = 'x' WHERE id = '` + paid + `'`, "stock: reservation " + paid + " was sold to order x"},
		{"an exchange for no order", "inventory", `INSERT INTO reservation (id, state, lines, held, order_id, expires_at) VALUES ('x', 'committed', '[]', '[]', 'gone', now())`, "stock: reservation x was sold to order gone"},
		{"a refund that the order believes in", "order", `UPDATE sale_order SET body = body || '{"Refunds": [{"Amount": {"currency": "USD", "minor": 100}, "State": "done"}, {"Amount": {"currency": "USD", "minor": 50}, "State": "refused"}]}' WHERE number = 'AAAA'`, "money: order AAAA says that 100 USD went back, and 0 did"},
		{"an errand that nobody runs", "order", `INSERT INTO errand (id, order_id, body, holder, lease_until, due_at) VALUES ('e', '` + paid + `', '{}', '', now() - INTERVAL '1 hour', now() - INTERVAL '1 hour')`, "checkout: errand e of order " + paid + " is waiting"},
		{"a checkout that nobody goes on with", "order", `UPDATE checkout SET step = 'capture' WHERE id = '` + paid + `'`, "checkout: " + paid + " should have gone on from capture"},
		{"a checkout that tries in vain", "order", `UPDATE checkout SET step = 'undo', due_at = now() + INTERVAL '1 minute' WHERE id = '` + paid + `'`, "checkout: " + paid + " is still at undo"},
		{"an order from nowhere", "order", `DELETE FROM checkout WHERE id = '` + paid + `'`, "checkout: order AAAA has none"},
		{"an event that is not told", "order", `INSERT INTO outbox (shard, id, topic, key, fact, created_at) VALUES (1, gen_random_uuid(), 'order.placed', 'k', '{}', now() - INTERVAL '1 hour')`, "event: 1 of order.placed wait to be told"},
		{"an event that cannot be told", "inventory", `INSERT INTO outbox (shard, id, topic, key, fact, created_at, published_at) VALUES (1, gen_random_uuid(), 'inventory.x', 'k', '{}', now(), '9999-01-01')`, "event: 1 of inventory.x cannot be told"},
		{"stock that search has not heard of", "search", `UPDATE stock SET in_stock = false`, "event: search has not heard that LAMP is there"},
		{"a product that search has not heard of", "search", `DELETE FROM document`, "event: search knows version 0 of product"},
		{"an order that carts have not heard of", "cart", `DELETE FROM inbox WHERE event_id = '` + paid + `'`, "event: 2 orders were placed, and carts have heard of 1"},
		{"a confirmation nobody wrote", "notification", `DELETE FROM delivery WHERE id = '` + mail + `0'`, "mail: order AAAA has 0 confirmations"},
		{"two confirmations", "notification", `UPDATE delivery SET letter = '{"Order": {"Number": "AAAA"}}' WHERE id = '` + mail + `1'`, "mail: order AAAA has 2 confirmations"},
		{"a cancellation of an order that stands", "notification", `UPDATE delivery SET letter = '{"Order": {"Number": "AAAA"}}' WHERE id = '` + mail + `2'`, "mail: order AAAA is placed and has 1 letters about being cancelled"},
		{"a mail that was given up", "notification", `UPDATE delivery SET state = 'failed', attempts = 8 WHERE id = '` + mail + `0'`, "mail: " + mail + "0 (order_confirmation) was given up"},
		{"a mail that nobody sends", "notification", `UPDATE delivery SET state = 'queued', due_at = now() - INTERVAL '1 hour' WHERE id = '` + mail + `0'`, "mail: " + mail + "0 (order_confirmation) should have been sent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := books{t, b.dbs, c.service}
			b.do(c.service, c.sql)
			found := b.find(arrived(), false)
			b.write()
			if !slices.ContainsFunc(found, func(line string) bool { return strings.HasPrefix(line, c.want) }) {
				t.Errorf("found %q, want %q", found, c.want)
			}
		})
	}
}

func TestMailboxesAreCompared(t *testing.T) {
	b := open(t)
	for _, c := range []struct {
		name  string
		spoil func(map[string]int)
		want  string
	}{
		{"a mail that is lost", func(m map[string]int) { delete(m, mail+"0") }, "is said to be sent and has not arrived"},
		{"a mail that comes twice", func(m map[string]int) { m[mail+"1"] = 2 }, "arrived 2 times and was sent 1 times"},
		{"a mail of nobody", func(m map[string]int) { m["other"] = 1 }, "other arrived and nobody wrote it"},
	} {
		box := arrived()
		c.spoil(box)
		if found := b.find(box, false); len(found) != 1 || !strings.Contains(found[0], c.want) {
			t.Errorf("%s: found %q, want %q", c.name, found, c.want)
		}
	}
}

// In a shop that is selling, what is under way is no finding; in a quiet one it is.
func TestWhatIsUnderWay(t *testing.T) {
	b := open(t)
	b.do("order", `UPDATE checkout SET step = 'capture', due_at = now(), created_at = now() WHERE id = $1`, paid)
	b.do("payment", `UPDATE payment SET state = 'authorized', captured = 0 WHERE id = $1`, paid)
	b.do("sandbox", `UPDATE sandbox_payment SET status = 'authorized', captured = 0 WHERE reference = $1`, paid)
	b.do("notification", `UPDATE delivery SET state = 'queued', attempts = 1 WHERE id = $1`, mail+"0")
	b.do("order", `INSERT INTO outbox (shard, id, topic, key, fact, created_at) VALUES (1, gen_random_uuid(), 'order.placed', 'k', '{}', now())`)
	if found := b.find(arrived(), false); len(found) > 0 {
		t.Errorf("found %q while the shop is selling", found)
	}
	if found := b.find(arrived(), true); len(found) != 3 {
		t.Errorf("found %q in a quiet shop, want the checkout, the event and the mail", found)
	}
}

func TestUntilWaits(t *testing.T) {
	b := open(t)
	b.do("inventory", `UPDATE item SET available = 3`)
	began := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	looks := 0
	found, err := check.Until(ctx, check.Books{Databases: b.dbs, Mailbox: func() (map[string]int, error) {
		if looks++; looks == 2 {
			b.do("inventory", `UPDATE item SET available = 9`)
		}
		return arrived(), nil
	}}, time.Minute)
	if err != nil || len(found) > 0 || looks < 2 {
		t.Errorf("%d looks in %v found %v, %v; want it mended", looks, time.Since(began), found, err)
	}
}
