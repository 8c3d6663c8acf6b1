package order_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"github.com/ledongthuc/pdf"

	pb "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/kit/rpc"
)

// at waits until an order is as it should be.
func (s *shop) at(id, what string, is func(o *pb.Order) bool) (o *pb.Order) {
	s.t.Helper()
	s.waitFor(what, func() bool {
		resp, err := s.desk().GetAdminOrder(s.t.Context(), &pb.GetAdminOrderRequest{Id: id})
		if err != nil {
			s.t.Fatal(err)
		}
		s.clock.Advance(time.Second)
		o = resp.GetOrder()
		return is(o)
	})
	return o
}

func units(line string, n int32) []*pb.LineUnits { return []*pb.LineUnits{{LineId: line, Units: n}} }

func kinds(o *pb.Order) (all []string) {
	for _, e := range o.GetTimeline() {
		all = append(all, e.GetKind())
	}
	return all
}

func settled(o *pb.Order) bool {
	return !slices.ContainsFunc(o.GetRefunds(), func(r *pb.Refund) bool { return r.GetState() == pb.RefundState_REFUND_STATE_PENDING })
}

const mug = 1073 // with its tax, the first of two

func TestAShopperCancelsALine(t *testing.T) {
	s := open(t)
	o := s.place()
	resp, err := s.orders(ada).CancelLines(t.Context(), &pb.CancelLinesRequest{Id: o.GetId(), Lines: units("1", 1), Reason: "One is enough."})
	if err != nil {
		t.Fatal(err)
	}
	if l := resp.GetOrder().GetLines()[0]; l.GetCancelled() != 1 || l.GetCancellable() != 1 || resp.GetOrder().GetPaymentStatus() != pb.PaymentStatus_PAYMENT_STATUS_PARTIALLY_REFUNDED || resp.GetOrder().GetEtag() == o.GetEtag() {
		t.Errorf("a mug cancelled: %v", resp)
	}
	o = s.at(o.GetId(), "the refund", settled)
	s.waitFor("the stock", func() bool { _, kept, gone := s.books(); return kept == total-mug && gone == 2 })
	if o.GetRefunded().GetMinorUnits() != mug || o.GetStatus() != pb.OrderStatus_ORDER_STATUS_PLACED || !slices.Contains(kinds(o), "refunded") {
		t.Errorf("order = %v", o)
	}
	var event pb.OrderChanged
	s.heardOf("souk.order.changed", o.GetId(), &event)
	for name, lines := range map[string][]*pb.LineUnits{"more than are left": units("1", 2), "of no such line": units("9", 1)} {
		if _, err := s.orders(ada).CancelLines(t.Context(), &pb.CancelLinesRequest{Id: o.GetId(), Lines: lines}); err == nil {
			t.Errorf("cancelling %s is not refused", name)
		}
	}
	if _, err := s.orders(eve).CancelLines(t.Context(), &pb.CancelLinesRequest{Id: o.GetId(), Lines: units("1", 1)}); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("another's line: %v", err)
	}
	// The rest, as a whole: the delivery goes back, too.
	if _, err := s.orders(ada).CancelOrder(t.Context(), &pb.CancelOrderRequest{Id: o.GetId()}); err != nil {
		t.Fatal(err)
	}
	o = s.at(o.GetId(), "everything to go back", func(o *pb.Order) bool { return settled(o) && o.GetStatus() == pb.OrderStatus_ORDER_STATUS_CANCELLED })
	s.waitFor("the stock", func() bool { _, _, gone := s.books(); return gone == 0 })
	s.nothingIsKept()
	if o.GetPaymentStatus() != pb.PaymentStatus_PAYMENT_STATUS_REFUNDED || o.GetFulfilmentStatus() != pb.FulfilmentStatus_FULFILMENT_STATUS_CANCELLED {
		t.Errorf("order = %v", o)
	}
}

func TestAnOrderGoesInParcels(t *testing.T) {
	s := open(t)
	o := s.place()
	ship := func(lines []*pb.LineUnits, number string) (*pb.Order, error) {
		resp, err := s.desk().ShipLines(t.Context(), &pb.ShipLinesRequest{Id: o.GetId(), Lines: lines, Carrier: "Post", TrackingNumber: number, TrackingUrl: "https://post.example/" + number})
		return resp.GetOrder(), err
	}
	first, err := ship(units("1", 1), "A")
	if err != nil || first.GetFulfilmentStatus() != pb.FulfilmentStatus_FULFILMENT_STATUS_PARTIALLY_SHIPPED || first.GetCancellable() || len(first.GetShipments()) != 1 {
		t.Fatalf("one mug sent: %v, %v", first, err)
	}
	if _, err := ship(units("1", 2), "B"); reason(err) != "refused units_not_open" {
		t.Errorf("more than is left: %v", err)
	}
	if _, err := s.orders(ada).CancelOrder(t.Context(), &pb.CancelOrderRequest{Id: o.GetId()}); reason(err) != "refused order_not_cancellable" {
		t.Errorf("cancelled when some of it was sent: %v", err)
	}
	// What has not left can be cancelled.
	if _, err := s.desk().CancelOrderLines(t.Context(), &pb.CancelOrderLinesRequest{Id: o.GetId(), Lines: units("2", 1), Reason: "Sold out."}); err != nil {
		t.Fatal(err)
	}
	second, err := ship(units("1", 1), "C")
	if err != nil || second.GetStatus() != pb.OrderStatus_ORDER_STATUS_SHIPPED || second.GetTracking().GetNumber() != "C" {
		t.Fatalf("the rest sent: %v, %v", second, err)
	}
	var event pb.OrderShipped
	s.heard("souk.order.shipped", o.GetId(), &event)
	for n, id := range []string{"2", "1", "1"} {
		resp, err := s.desk().DeliverShipment(t.Context(), &pb.DeliverShipmentRequest{Id: o.GetId(), ShipmentId: id})
		if err != nil || (resp.GetOrder().GetStatus() == pb.OrderStatus_ORDER_STATUS_DELIVERED) != (n > 0) {
			t.Fatalf("parcel %s arrived: %v, %v", id, resp, err)
		}
	}
	if _, err := s.desk().DeliverShipment(t.Context(), &pb.DeliverShipmentRequest{Id: o.GetId(), ShipmentId: "9"}); reason(err) != "not found shipment_not_found" {
		t.Errorf("no such parcel: %v", err)
	}
}

// sent places an order and sends it.
func (s *shop) sent() *pb.Order {
	s.t.Helper()
	o := s.place()
	resp, err := s.desk().ShipOrder(s.t.Context(), &pb.ShipOrderRequest{Id: o.GetId(), Carrier: "Post", TrackingNumber: "A"})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.GetOrder()
}

func (s *shop) ask(o *pb.Order, lines ...*pb.ReturnLine) (string, *pb.Order, error) {
	id := uuid.NewString()
	resp, err := s.orders(ada).RequestReturn(s.t.Context(), &pb.RequestReturnRequest{Id: o.GetId(), ReturnId: id, Lines: lines})
	return id, resp.GetOrder(), err
}

func TestGoodsComeBack(t *testing.T) {
	s := open(t)
	o := s.sent()
	id, o, err := s.ask(o, &pb.ReturnLine{LineId: "1", Units: 2, Reason: "Too small."})
	if err != nil || o.GetLines()[0].GetReturnable() != 0 || o.GetReturns()[0].GetState() != pb.ReturnState_RETURN_STATE_REQUESTED {
		t.Fatalf("asked: %v, %v", o, err)
	}
	if _, _, err := s.ask(o, &pb.ReturnLine{LineId: "1", Units: 1}); reason(err) != "refused units_not_returnable" {
		t.Errorf("asked for the same again: %v", err)
	}
	if _, err := s.desk().ApproveReturn(t.Context(), &pb.ApproveReturnRequest{Id: o.GetId(), ReturnId: id, Note: "Use the label."}); err != nil {
		t.Fatal(err)
	}
	// Only one came, and it is broken.
	came := &pb.ReceiveReturnRequest{Id: o.GetId(), ReturnId: id, Lines: []*pb.ReceivedLine{{LineId: "1", WrittenOff: 1}}}
	if _, err := s.desk().ReceiveReturn(t.Context(), came); err != nil {
		t.Fatal(err)
	}
	if _, err := s.desk().ReceiveReturn(t.Context(), came); err != nil && reason(err) != "refused return_state" {
		t.Errorf("received again: %v", err)
	}
	o = s.at(o.GetId(), "the return to be complete", func(o *pb.Order) bool { return o.GetReturns()[0].GetState() == pb.ReturnState_RETURN_STATE_COMPLETED })
	if _, kept, gone := s.books(); kept != total-mug || gone != 3 || o.GetFulfilmentStatus() != pb.FulfilmentStatus_FULFILMENT_STATUS_PARTIALLY_RETURNED || o.GetLines()[0].GetReturnable() != 1 {
		t.Errorf("a broken mug came back: %d kept, %d gone, %v", kept, gone, o)
	}
	// The other one is well.
	id, o, err = s.ask(o, &pb.ReturnLine{LineId: "1", Units: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.desk().ReceiveReturn(t.Context(), &pb.ReceiveReturnRequest{Id: o.GetId(), ReturnId: id, Lines: []*pb.ReceivedLine{{LineId: "1", Restocked: 1}}}); err != nil {
		t.Fatal(err)
	}
	s.waitFor("money and stock", func() bool {
		s.clock.Advance(time.Second)
		_, kept, gone := s.books()
		return kept == total-2145 && gone == 2
	})
	if _, _, err := s.ask(o, &pb.ReturnLine{LineId: "1", Units: 1}); reason(err) != "refused units_not_returnable" {
		t.Errorf("a third of two mugs: %v", err)
	}
	want := []string{"placed", "paid", "parcel_sent", "shipped", "return_requested", "return_approved", "return_received", "refund_begun", "refunded", "return_completed"}
	if got := kinds(o); len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("timeline %v, want %v", got, want)
	}
}

func TestReturnsThatComeToNothing(t *testing.T) {
	s := open(t)
	o := s.sent()
	id, o, err := s.ask(o, &pb.ReturnLine{LineId: "2", Units: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.orders(eve).CancelReturn(t.Context(), &pb.CancelReturnRequest{Id: o.GetId(), ReturnId: id}); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("another's return: %v", err)
	}
	for range 2 {
		if _, err := s.orders(ada).CancelReturn(t.Context(), &pb.CancelReturnRequest{Id: o.GetId(), ReturnId: id}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.desk().ApproveReturn(t.Context(), &pb.ApproveReturnRequest{Id: o.GetId(), ReturnId: id}); reason(err) != "refused return_state" {
		t.Errorf("approved when it was called off: %v", err)
	}
	if id, _, err = s.ask(o, &pb.ReturnLine{LineId: "2", Units: 1}); err != nil {
		t.Fatal(err)
	}
	resp, err := s.desk().RejectReturn(t.Context(), &pb.RejectReturnRequest{Id: o.GetId(), ReturnId: id, Note: "It was worn."})
	if err != nil || resp.GetOrder().GetLines()[1].GetReturnable() != 1 {
		t.Errorf("rejected: %v, %v", resp, err)
	}
	if _, err := s.desk().ReceiveReturn(t.Context(), &pb.ReceiveReturnRequest{Id: o.GetId(), ReturnId: uuid.NewString(), Lines: []*pb.ReceivedLine{{LineId: "2", Restocked: 1}}}); reason(err) != "not found return_not_found" {
		t.Errorf("no such return: %v", err)
	}
	if _, kept, gone := s.books(); kept != total || gone != 3 {
		t.Errorf("%d kept, %d gone; want everything as it was", kept, gone)
	}
}

func TestAnExchange(t *testing.T) {
	for _, c := range []struct {
		name  string
		stock int64
		kept  int64
		gone  int64 // of mugs of either kind, and the pen
		lines int
	}{
		{"of a cheaper one", 100, total - mug + 965, 3, 3}, // $9.00 and 65 cents of tax
		{"of what is sold out", 0, total - mug, 2, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			s.others.set(func(o *others) { o.prices["mug/red"], o.prices["mug/gold"], o.stock["mug/red"] = 900, 1100, c.stock })
			o := s.sent()
			for _, sku := range []string{"mug/gold", "pen", "nothing"} {
				if _, _, err := s.ask(o, &pb.ReturnLine{LineId: "1", Units: 1, ExchangeSku: sku}); reason(err) != "refused exchange_not_possible" {
					t.Errorf("%s instead: %v", sku, err)
				}
			}
			id, _, err := s.ask(o, &pb.ReturnLine{LineId: "1", Units: 1, ExchangeSku: "mug/red"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.desk().ReceiveReturn(t.Context(), &pb.ReceiveReturnRequest{Id: o.GetId(), ReturnId: id, Lines: []*pb.ReceivedLine{{LineId: "1", Restocked: 1}}}); err != nil {
				t.Fatal(err)
			}
			o = s.at(o.GetId(), "the exchange", func(o *pb.Order) bool { return o.GetReturns()[0].GetState() == pb.ReturnState_RETURN_STATE_COMPLETED })
			if len(o.GetLines()) != c.lines {
				t.Fatalf("order = %v", o)
			}
			s.waitFor("the stock", func() bool {
				s.clock.Advance(time.Second)
				_, _, gone := s.books()
				return gone-(100-c.stock) == c.gone
			})
			if _, kept, _ := s.books(); kept != c.kept {
				t.Errorf("%d kept, want %d", kept, c.kept)
			}
			if c.lines == 2 {
				return
			}
			if l := o.GetLines()[2]; l.GetSku() != "mug/red" || l.GetExchangeOf() != id || l.GetQuantity() != 1 || o.GetFulfilmentStatus() != pb.FulfilmentStatus_FULFILMENT_STATUS_PARTIALLY_SHIPPED {
				t.Errorf("order = %v", o)
			}
			if _, err := s.desk().ShipOrder(t.Context(), &pb.ShipOrderRequest{Id: o.GetId(), Carrier: "Post", TrackingNumber: "B"}); err != nil {
				t.Errorf("the other one sent: %v", err)
			}
			// And back with that, too: what it was paid for with goes back.
			id, _, err = s.ask(o, &pb.ReturnLine{LineId: "3", Units: 1})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.desk().ReceiveReturn(t.Context(), &pb.ReceiveReturnRequest{Id: o.GetId(), ReturnId: id, Lines: []*pb.ReceivedLine{{LineId: "3", Restocked: 1}}}); err != nil {
				t.Fatal(err)
			}
			s.waitFor("its money", func() bool {
				s.clock.Advance(time.Second)
				_, kept, gone := s.books()
				return kept == total-mug && gone == 2
			})
		})
	}
}

func TestStaffGiveMoneyBack(t *testing.T) {
	s := open(t)
	o := s.place()
	give := func(id string, minor int64) error {
		_, err := s.desk().RefundOrder(t.Context(), &pb.RefundOrderRequest{Id: o.GetId(), RefundId: id, Amount: usd(minor), Reason: "Sorry."})
		return err
	}
	id := uuid.NewString()
	for range 2 {
		if err := give(id, 100); err != nil {
			t.Fatal(err)
		}
	}
	if err := give(id, 200); reason(err) != "refused refund_differs" {
		t.Errorf("the same refund with another amount: %v", err)
	}
	for _, minor := range []int64{0, -1, total - 99} {
		if err := give(uuid.NewString(), minor); reason(err) != "refused refund_too_much" {
			t.Errorf("%d more: %v", minor, err)
		}
	}
	s.waitFor("the money", func() bool { _, kept, _ := s.books(); return kept == total-100 })
	// The provider says no, and means it.
	s.others.set(func(o *others) {
		o.before = func(call string) error {
			if call == "refund" {
				return refusal("payment_refund_refused")
			}
			return nil
		}
	})
	if err := give(uuid.NewString(), 300); err != nil {
		t.Fatal(err)
	}
	got := s.at(o.GetId(), "the refusal", settled)
	if !slices.Contains(kinds(got), "refund_refused") || got.GetRefunded().GetMinorUnits() != 100 {
		t.Errorf("order = %v", got)
	}
	// The provider does not answer for a while.
	tries := 0
	s.others.set(func(o *others) {
		o.before = func(call string) error {
			if call != "refund" {
				return nil
			}
			if tries++; tries < 4 {
				return errDown
			}
			return nil
		}
	})
	if _, err := s.desk().RefundOrder(t.Context(), &pb.RefundOrderRequest{Id: o.GetId(), RefundId: uuid.NewString()}); err != nil {
		t.Fatal(err)
	}
	got = s.at(o.GetId(), "all the money", func(o *pb.Order) bool {
		return settled(o) && o.GetPaymentStatus() == pb.PaymentStatus_PAYMENT_STATUS_REFUNDED
	})
	if _, kept, _ := s.books(); kept != 0 || got.GetStatus() != pb.OrderStatus_ORDER_STATUS_PLACED {
		t.Errorf("%d kept, order %v", kept, got)
	}
}

func TestAGuestFindsTheirOrder(t *testing.T) {
	s := open(t)
	o := s.place()
	look := func(p rpc.Principal, number, email string) error {
		_, err := s.orders(p).LookupOrder(t.Context(), &pb.LookupOrderRequest{Number: number, Email: email})
		return err
	}
	if err := look(guest, "AAAA-AAAA", "ada@example.com"); reason(err) != "not found order_not_found" {
		t.Errorf("no such number: %v", err)
	}
	if err := look(guest, o.GetNumber(), "eve@example.com"); reason(err) != "not found order_not_found" {
		t.Errorf("another's address: %v", err)
	}
	see := func(p rpc.Principal) error {
		_, err := s.orders(p).GetOrder(t.Context(), &pb.GetOrderRequest{Number: o.GetNumber()})
		return err
	}
	if err := see(guest); err == nil {
		t.Error("a stranger sees it")
	}
	if err := look(guest, strings.ToLower(o.GetNumber()), "ADA@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := see(guest); err != nil {
		t.Errorf("who knows number and address: %v", err)
	}
	if _, err := s.orders(guest).CancelLines(t.Context(), &pb.CancelLinesRequest{Id: o.GetId(), Lines: units("2", 1)}); err != nil {
		t.Errorf("and cancels a line: %v", err)
	}
	if err := see(eve); err == nil {
		t.Error("so does another")
	}
	s.clock.Advance(25 * time.Hour)
	if err := see(guest); err == nil {
		t.Error("seen a day later")
	}
	for n := range 12 {
		want := "not found order_not_found"
		if n >= 10 {
			want = "too many lookup_too_often"
		}
		if err := look(eve, o.GetNumber(), fmt.Sprintf("guess%d@example.com", n)); reason(err) != want {
			t.Errorf("guess %d: %v, want %s", n, err, want)
		}
	}
	if err := look(guest, o.GetNumber(), "ada@example.com"); reason(err) != "too many lookup_too_often" {
		t.Errorf("right, among too many guesses: %v", err)
	}
	s.clock.Advance(2 * time.Hour)
	if err := look(guest, o.GetNumber(), "ada@example.com"); err != nil {
		t.Errorf("right, later: %v", err)
	}
}

func TestNotesAreForStaff(t *testing.T) {
	s := open(t)
	o := s.place()
	resp, err := s.desk().AddNote(t.Context(), &pb.AddNoteRequest{Id: o.GetId(), Text: "Called: leave it at the door."})
	if err != nil || !slices.Contains(kinds(resp.GetOrder()), "note") {
		t.Fatalf("AddNote = %v, %v", resp, err)
	}
	seen, err := s.orders(ada).GetOrder(t.Context(), &pb.GetOrderRequest{Id: o.GetId()})
	if err != nil || strings.Contains(seen.String(), "door") || !slices.Contains(kinds(seen.GetOrder()), "placed") {
		t.Errorf("the shopper sees %v, %v", seen, err)
	}
	var event pb.OrderChanged
	if s.heardOf("souk.order.changed", o.GetId(), &event); strings.Contains(event.String(), "door") {
		t.Errorf("the event tells %v", &event)
	}
}

// textOf reads a PDF.
func textOf(t *testing.T, raw []byte) (text string, pages int) {
	t.Helper()
	r, err := pdf.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := r.GetPlainText()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(plain); err != nil {
		t.Fatal(err)
	}
	return b.String(), r.NumPage()
}

func TestPapers(t *testing.T) {
	s := open(t)
	o := s.place()
	if _, err := s.desk().RefundOrder(t.Context(), &pb.RefundOrderRequest{Id: o.GetId(), RefundId: uuid.NewString(), Amount: usd(100)}); err != nil {
		t.Fatal(err)
	}
	s.at(o.GetId(), "the refund", settled)
	invoice, err := s.orders(ada).GetInvoice(t.Context(), &pb.GetInvoiceRequest{Number: o.GetNumber()})
	if err != nil || invoice.GetFilename() != "invoice-"+o.GetNumber()+".pdf" {
		t.Fatalf("GetInvoice = %s, %v", invoice.GetFilename(), err)
	}
	text, pages := textOf(t, invoice.GetPdf())
	for _, part := range []string{"Invoice", o.GetNumber(), "Ada Lovelace", "1 Main St", "The mug", "$10.00", "$20.00", "$1.45", "Tax 7.25 %", "$28.01", "-$1.00", "Visa ending in 4242"} {
		if !strings.Contains(text, part) {
			t.Errorf("the invoice does not tell %q: %s", part, text)
		}
	}
	if pages != 1 {
		t.Errorf("%d pages", pages)
	}
	if _, err := s.orders(eve).GetInvoice(t.Context(), &pb.GetInvoiceRequest{Number: o.GetNumber()}); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("another's invoice: %v", err)
	}
	slip, err := s.desk().GetPackingSlip(t.Context(), &pb.GetPackingSlipRequest{Id: o.GetId()})
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := textOf(t, slip.GetPdf()); !strings.Contains(text, "The mug") || !strings.Contains(text, "Sacramento") || strings.Contains(text, "$") {
		t.Errorf("the packing slip tells %s", text)
	}
	if _, err := s.desk().GetPackingSlip(t.Context(), &pb.GetPackingSlipRequest{Id: o.GetId(), ShipmentId: "7"}); reason(err) != "not found shipment_not_found" {
		t.Errorf("of no parcel: %v", err)
	}
}
