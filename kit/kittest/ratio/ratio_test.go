package ratio

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/souk-commerce/souk/kit/clock"
)

// One turn in five is disturbed, on either side: the ratio is that of the others.
func TestDisturbancesDoNotCount(t *testing.T) {
	c := clock.NewFake(time.Unix(0, 0))
	taking := func(once time.Duration, disturbed int) Side {
		calls := 0
		return func(n int) {
			c.Advance(time.Duration(n) * once)
			if calls++; calls%5 == disturbed {
				c.Advance(time.Second)
			}
		}
	}
	m := start(c, taking(3*time.Millisecond, 1), taking(2*time.Microsecond, 2))
	for range 20 {
		m.turn()
	}
	if ours, reference, ratio := median(m.times[0]), median(m.times[1]), median(m.ratios); ours != 3e6 || reference != 2e3 || ratio != 1500 {
		t.Errorf("ours %v ns, reference %v ns, ratio %v; want 3e6, 2e3, 1500", ours, reference, ratio)
	}
	if m.count[1] < 1000 {
		t.Errorf("the reference is timed %d at once: too few for the clock", m.count[1])
	}
}

func TestASideThatGetsFasterDoesMore(t *testing.T) {
	c := clock.NewFake(time.Unix(0, 0))
	once := time.Second
	m := start(c, func(n int) { c.Advance(time.Duration(n) * once) }, func(n int) { c.Advance(time.Duration(n) * once) })
	once = time.Millisecond
	for range 20 {
		m.turn()
	}
	if m.count != [2]int{64, 64} {
		t.Errorf("timed at once: %v; want as many as fill %v", m.count, slice)
	}
}

func TestWhoGoesFirstAlternates(t *testing.T) {
	c := clock.NewFake(time.Unix(0, 0))
	var order string
	side := func(name string) Side {
		return func(int) { order += name; c.Advance(time.Second) }
	}
	m := start(c, side("o"), side("r"))
	for range 4 {
		m.turn()
	}
	if order != "oorr"+"or"+"ro"+"or"+"ro" {
		t.Errorf("order %s", order)
	}
}

func TestTogetherIsAsMuchAsAlone(t *testing.T) {
	var done atomic.Int64
	side := func(n int) { done.Add(int64(n)) }
	for n := range 10 {
		done.Store(0)
		if Together(side, side, side)(n); done.Load() != int64(n) {
			t.Errorf("three sides did %d of %d", done.Load(), n)
		}
	}
}
