package limit_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/edge/internal/limit"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func TestTake(t *testing.T) {
	l := limit.New(10, 3)
	for i := range 3 {
		if left, ok := l.Take("a", noon); !ok || left.Calls != 2-i || left.Full != time.Duration(i+1)*100*time.Millisecond {
			t.Fatalf("call %d of a burst of 3: %+v, %v", i+1, left, ok)
		}
	}
	left, ok := l.Take("a", noon)
	if ok || left.Wait != 100*time.Millisecond || left.Calls != 0 || left.Full != 300*time.Millisecond {
		t.Errorf("call 4: %+v, %v; want to wait 100 ms", left, ok)
	}
	if _, ok := l.Take("b", noon); !ok {
		t.Error("another client has to wait too")
	}
	if _, ok := l.Take("a", noon.Add(100*time.Millisecond)); !ok {
		t.Error("after 100 ms one more is allowed")
	}
	if _, ok := l.Take("a", noon.Add(100*time.Millisecond)); ok {
		t.Error("after 100 ms only one more is allowed")
	}
}

// In no time whatsoever does a client get more than its burst and its rate, and who
// waits as long as it is told gets a call.
func TestNobodyGetsMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		perSecond, burst := rapid.IntRange(1, 50).Draw(t, "rate"), rapid.IntRange(1, 20).Draw(t, "burst")
		l := limit.New(float64(perSecond), burst)
		now := noon
		var got []time.Time
		for range 200 {
			now = now.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "ms")) * time.Millisecond)
			left, ok := l.Take("a", now)
			if ok {
				got = append(got, now)
				continue
			}
			if now = now.Add(left.Wait); left.Wait <= 0 {
				t.Fatalf("to wait %v", left.Wait)
			}
			if _, ok := l.Take("a", now); !ok {
				t.Fatalf("who waited %v gets nothing", left.Wait)
			}
			got = append(got, now)
		}
		for n, from := range got {
			for m := n; m < len(got); m++ {
				most := float64(burst) + got[m].Sub(from).Seconds()*float64(perSecond) + 1e-3 // intervals are whole nanoseconds
				if float64(m-n+1) > most {
					t.Fatalf("%d calls within %v", m-n+1, got[m].Sub(from))
				}
			}
		}
	})
}

func TestManyAtOnceGetTheirBurst(t *testing.T) {
	l := limit.New(1, 100)
	var got atomic.Int64
	var crowd sync.WaitGroup
	for range 8 {
		crowd.Go(func() {
			for range 100 {
				if _, ok := l.Take("a", noon); ok {
					got.Add(1)
				}
			}
		})
	}
	crowd.Wait()
	if got.Load() != 100 {
		t.Errorf("%d calls of a burst of 100", got.Load())
	}
}

// However many clients come, those who still owe are remembered.
func TestClientsAreForgotten(t *testing.T) {
	l := limit.New(1, 2)
	l.Take("greedy", noon.Add(time.Hour))
	l.Take("greedy", noon.Add(time.Hour))
	for n := range 1 << 18 {
		l.Take(fmt.Sprint(n), noon)
	}
	l.Take("one more", noon.Add(time.Minute))
	if _, ok := l.Take("greedy", noon.Add(time.Hour)); ok {
		t.Error("one who has no call left was forgotten")
	}
	if n := l.Clients(); n > 1<<17+1 {
		t.Errorf("%d clients are remembered", n)
	}
}
