package stockrpc

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
)

func toLines(lines []*pb.StockLine) []stock.Line {
	var all []stock.Line
	for _, l := range lines {
		all = append(all, stock.Line{SKU: stock.SKU(l.GetSku()), Units: l.GetUnits()})
	}
	return all
}

var states = map[stock.State]pb.ReservationState{
	stock.StateHeld:      pb.ReservationState_RESERVATION_STATE_HELD,
	stock.StateCommitted: pb.ReservationState_RESERVATION_STATE_COMMITTED,
	stock.StateReleased:  pb.ReservationState_RESERVATION_STATE_RELEASED,
	stock.StateExpired:   pb.ReservationState_RESERVATION_STATE_EXPIRED,
}

func fromReservation(r stock.Reservation) *pb.Reservation {
	m := &pb.Reservation{Id: r.ID, State: states[r.State], ExpireTime: timestamppb.New(r.Expires)}
	for _, l := range r.Lines {
		m.Lines = append(m.Lines, &pb.StockLine{Sku: string(l.SKU), Units: l.Units})
	}
	for _, h := range r.Allocations() {
		m.Allocations = append(m.Allocations, &pb.Allocation{Sku: string(h.SKU), Location: string(h.Location), Units: h.Units})
	}
	return m
}

// fromTime is absent for no time.
func fromTime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func toTime(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime().Truncate(time.Microsecond)
}

var kinds = map[stock.Kind]pb.EntryKind{
	stock.Received:   pb.EntryKind_ENTRY_KIND_RECEIVED,
	stock.Sold:       pb.EntryKind_ENTRY_KIND_SOLD,
	stock.Returned:   pb.EntryKind_ENTRY_KIND_RETURNED,
	stock.Adjusted:   pb.EntryKind_ENTRY_KIND_ADJUSTED,
	stock.WrittenOff: pb.EntryKind_ENTRY_KIND_WRITTEN_OFF,
}

func toKind(k pb.EntryKind) stock.Kind {
	for kind, m := range kinds {
		if m == k {
			return kind
		}
	}
	return stock.Adjusted
}

// toBackorder is nil when nothing is said.
func toBackorder(r pb.BackorderRule) *bool {
	if r == pb.BackorderRule_BACKORDER_RULE_UNSPECIFIED {
		return nil
	}
	allowed := r == pb.BackorderRule_BACKORDER_RULE_ALLOWED
	return &allowed
}

func fromLevel(i stock.Item, l stock.Level) *pb.Level {
	return &pb.Level{
		Sku: string(i.SKU), Location: string(l.Location), OnHand: l.OnHand, Reserved: l.Reserved,
		Backorder: i.Backorder, ExpectedTime: fromTime(i.Expected), BackorderLimit: i.Limit, SafetyUnits: i.Safety, LowThreshold: i.LowAt,
	}
}

func fromEntry(e stock.Entry) *pb.Entry {
	return &pb.Entry{
		Id: e.ID, Sku: string(e.SKU), Location: string(e.Location), Kind: kinds[e.Kind], Units: e.Units,
		Reason: e.Reason, Actor: e.Actor, Time: timestamppb.New(e.Time),
	}
}

// place is where a page of the ledger ended.
type place struct {
	Time time.Time
	ID   string
}

func tokenOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and times
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func fromToken(token string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return stock.ErrPageToken
	}
	return nil
}
