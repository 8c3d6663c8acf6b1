package stock

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/kit/fault"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// given is a shelf with one SKU at two locations.
func given(east, west int64, backorder bool) *Shelf {
	s := NewShelf()
	s.Items["MUG"] = &Item{SKU: "MUG", Backorder: backorder, Levels: []Level{{Location: "east", OnHand: east}, {Location: "west", OnHand: west}}}
	return s
}

func TestReserve(t *testing.T) {
	cases := []struct {
		name       string
		east, west int64
		backorder  bool
		units      int64
		want       []Held
		err        error
	}{
		{"takes from the one place that has enough", 2, 5, false, 3, []Held{{SKU: "MUG", Location: "west", Units: 3}}, nil},
		{"prefers no split", 5, 4, false, 5, []Held{{SKU: "MUG", Location: "east", Units: 5}}, nil},
		{"splits when it must", 2, 5, false, 7, []Held{{SKU: "MUG", Location: "west", Units: 5}, {SKU: "MUG", Location: "east", Units: 2}}, nil},
		{"refuses one too many", 2, 5, false, 8, nil, ErrShort},
		{"owes what may be backordered", 1, 0, true, 3, []Held{{SKU: "MUG", Location: "east", Units: 3}}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := given(c.east, c.west, c.backorder)
			m := &Reserve{ID: "r", Lines: []Line{{"MUG", c.units}}, Now: noon, Until: noon.Add(time.Minute)}
			if err := s.Make([]Move{m})[0]; !errors.Is(err, c.err) {
				t.Fatalf("Reserve(%d) = %v, want %v", c.units, err, c.err)
			}
			if diff := cmp.Diff(c.want, m.Result.Held); diff != "" {
				t.Errorf("Reserve(%d) held (-want +got):\n%s", c.units, diff)
			}
		})
	}
}

func TestReserveNamesEverySKUThatIsShort(t *testing.T) {
	s := given(1, 0, false)
	err := s.Make([]Move{&Reserve{ID: "r", Lines: Gather([]Line{{"MUG", 1}, {"MUG", 1}, {"JAR", 1}})}})[0]
	f, ok := fault.As(err)
	if !ok || f.Meta["skus"] != "JAR\nMUG" {
		t.Errorf("refused with %v, want JAR and MUG named", err)
	}
	if len(s.ChangedItems) != 0 {
		t.Errorf("a refusal changed %v", s.ChangedItems)
	}
}

func TestReservationStates(t *testing.T) {
	reserve := func() Move { return &Reserve{ID: "r", Lines: []Line{{"MUG", 1}}, Now: noon, Until: noon} }
	release := func() Move { return &Release{ID: "r", Now: noon} }
	expire := func() Move { return &Release{ID: "r", Now: noon, Expire: true} }
	commit := func() Move { return &Commit{ID: "r", Order: "o", Now: noon} }
	other := func() Move { return &Reserve{ID: "other", Lines: []Line{{"MUG", 1}}, Until: noon.Add(time.Hour)} }
	back := func() Move { return &Return{ID: "back", Reservation: "r", Lines: []Line{{"MUG", 1}}} }
	more := func() Move { return &Return{ID: "more", Reservation: "r", Lines: []Line{{"MUG", 1}}} }
	cases := []struct {
		name  string
		moves []Move
		last  error
		left  int64
	}{
		{"the same again is the same", []Move{reserve(), reserve()}, nil, 0},
		{"other lines under the same id are refused", []Move{reserve(), &Reserve{ID: "r", Lines: []Line{{"MUG", 2}}}}, ErrOtherLines, 0},
		{"released gives back", []Move{reserve(), release()}, nil, 1},
		{"released twice gives back once", []Move{reserve(), release(), release()}, nil, 1},
		{"released before it came is refused", []Move{release(), reserve()}, ErrReleased, 1},
		{"released stays released", []Move{reserve(), release(), reserve()}, ErrReleased, 1},
		{"sold cannot be released", []Move{reserve(), commit(), release()}, ErrCommitted, 0},
		{"sold twice is sold once", []Move{reserve(), commit(), commit()}, nil, 0},
		{"what was released cannot be sold", []Move{reserve(), release(), commit()}, ErrReleased, 1},
		{"nothing cannot be sold", []Move{commit()}, ErrNoReservation, 1},
		{"expired gives back", []Move{reserve(), expire()}, nil, 1},
		{"expired is sold when it is still there", []Move{reserve(), expire(), commit()}, nil, 0},
		{"expired is not sold twice", []Move{reserve(), expire(), other(), commit()}, ErrExpired, 0},
		{"sold does not expire", []Move{reserve(), commit(), expire()}, nil, 0},
		{"returned is back", []Move{reserve(), commit(), back()}, nil, 1},
		{"one return id returns once", []Move{reserve(), commit(), back(), back()}, nil, 1},
		{"no more is returned than was sold", []Move{reserve(), commit(), back(), more()}, ErrReturn, 1},
		{"what was not sold is not returned", []Move{reserve(), back()}, ErrNotSold, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := given(1, 0, false)
			results := s.Make(c.moves)
			if last := results[len(results)-1]; !errors.Is(last, c.last) {
				t.Errorf("ended with %v, want %v", last, c.last)
			}
			if got := s.Items["MUG"].Available(); got != c.left {
				t.Errorf("%d available, want %d", got, c.left)
			}
		})
	}
}

func TestCounting(t *testing.T) {
	s := given(5, 0, false)
	held := &Reserve{ID: "r", Lines: []Line{{"MUG", 3}}, Until: noon}
	results := s.Make([]Move{
		held,
		&Count{SKU: "MUG", Location: "east", OnHand: 2},
		&Adjust{SKU: "MUG", Location: "east", Kind: Adjusted, Units: -3},
		&Adjust{SKU: "MUG", Location: "east", Kind: Received, Units: -1},
		&Adjust{SKU: "MUG", Location: "east", Kind: Received, Units: mostUnits},
		&Adjust{SKU: "MUG", Location: "east", Kind: Received},
		&Count{SKU: "MUG", Location: "east", OnHand: 4},
		&AllowBackorder{SKU: "MUG", Allow: true},
		&Adjust{SKU: "MUG", Location: "east", Kind: Adjusted, Units: -4},
		&AllowBackorder{SKU: "MUG", Allow: false},
	})
	want := []error{nil, ErrShort, ErrShort, errComing, errTooMany, errNothing, nil, nil, nil, ErrShort}
	for n := range want {
		if !errors.Is(results[n], want[n]) {
			t.Errorf("move %d: %v, want %v", n, results[n], want[n])
		}
	}
}

// Whatever is done in whatever order, the books balance, and a refusal changes nothing.
func TestBooksBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := NewShelf()
		skus := []SKU{"A", "B", "C"}
		for step := range rapid.IntRange(1, 60).Draw(t, "steps") {
			m := draw(t, skus, noon.Add(time.Duration(step)*time.Minute))
			before := snapshot(s)
			owed, free := map[SKU]int64{}, map[SKU]int64{}
			for sku, i := range s.Items {
				owed[sku], free[sku] = i.Owed(), i.balance()
			}
			if err := s.Make([]Move{m})[0]; err != nil {
				if diff := cmp.Diff(before, snapshot(s)); diff != "" {
					t.Fatalf("%T was refused (%v) and changed something:\n%s", m, err, diff)
				}
			}
			balance(t, s)
			for sku, i := range s.Items {
				if _, reserves := m.(*Reserve); !reserves || i.balance() == free[sku] {
					continue
				}
				if !i.Backorder && i.balance() < i.Safety {
					t.Fatalf("%s: safety stock of %d was promised: %+v", sku, i.Safety, i)
				}
				if i.Backorder && i.Limit > 0 && i.Owed() > max(i.Limit, owed[sku]) {
					t.Fatalf("%s: %d owed, and at most %d may be: %+v", sku, i.Owed(), i.Limit, i)
				}
			}
		}
	})
}

func draw(t *rapid.T, skus []SKU, now time.Time) Move {
	id := fmt.Sprint("r", rapid.IntRange(0, 5).Draw(t, "id"))
	sku := rapid.SampledFrom(skus).Draw(t, "sku")
	where := rapid.SampledFrom([]Location{"east", "west"}).Draw(t, "where")
	lines := Gather(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Line {
		return Line{rapid.SampledFrom(skus).Draw(t, "sku"), rapid.Int64Range(1, 4).Draw(t, "units")}
	}), 1, 4).Draw(t, "lines"))
	return rapid.SampledFrom([]Move{
		&Reserve{ID: id, Lines: lines, Now: now, Until: now.Add(3 * time.Minute)},
		&Release{ID: id, Now: now},
		&Release{ID: id, Now: now, Expire: true},
		&Commit{ID: id, Order: "o", Now: now},
		&Return{ID: fmt.Sprint(id, rapid.IntRange(0, 2).Draw(t, "return")), Reservation: id, Lines: lines[:rapid.IntRange(0, len(lines)).Draw(t, "sound")],
			WriteOffs: Gather(lines[:rapid.IntRange(0, 1).Draw(t, "broken")]), Location: rapid.SampledFrom([]Location{"", "east", "workshop"}).Draw(t, "to"), Now: now},
		&Adjust{SKU: sku, Location: where, Kind: Received, Units: rapid.Int64Range(1, 9).Draw(t, "received"), Now: now},
		&Adjust{SKU: sku, Location: where, Kind: Adjusted, Units: rapid.Int64Range(-5, 5).Draw(t, "adjusted"), Now: now},
		&Count{SKU: sku, Location: where, OnHand: rapid.Int64Range(0, 9).Draw(t, "counted"), Now: now},
		&AllowBackorder{SKU: sku, Allow: rapid.Bool().Draw(t, "allow"), Limit: rapid.Int64Range(0, 5).Draw(t, "limit")},
		&SetRules{SKU: sku, Safety: rapid.Int64Range(0, 5).Draw(t, "safety"), LowAt: rapid.Int64Range(0, 5).Draw(t, "low")},
	}).Draw(t, "move")
}

func snapshot(s *Shelf) any {
	type copied struct {
		Items        map[SKU]Item
		Reservations map[string]Reservation
		Entries      int
	}
	c := copied{map[SKU]Item{}, map[string]Reservation{}, len(s.Entries)}
	for sku, i := range s.Items {
		own := *i.copy()
		own.Version = 0 // grows with what changed before on the same shelf
		c.Items[sku] = own
	}
	for id, r := range s.Reservations {
		c.Reservations[id] = *r
	}
	return c
}

func balance(t *rapid.T, s *Shelf) {
	type place struct {
		SKU      SKU
		Location Location
	}
	booked, reserved := map[place]int64{}, map[place]int64{}
	for _, e := range s.Entries {
		booked[place{e.SKU, e.Location}] += e.Units
	}
	for _, r := range s.Reservations {
		for _, h := range r.Held {
			if r.State == StateHeld {
				reserved[place{h.SKU, h.Location}] += h.Units
			}
			if h.Returned > h.Units {
				t.Fatalf("%+v: more came back than was sold", h)
			}
		}
	}
	for sku, i := range s.Items {
		for _, l := range i.Levels {
			p := place{sku, l.Location}
			if l.OnHand != booked[p] || l.Reserved != reserved[p] {
				t.Fatalf("%v: level %+v, but the ledger says %d and reservations %d", p, l, booked[p], reserved[p])
			}
			if !i.Backorder && l.free() < 0 {
				t.Fatalf("%v: oversold: %+v", p, l)
			}
		}
	}
}
