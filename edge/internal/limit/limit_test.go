package limit_test

import (
	"testing"
	"time"

	"github.com/souk-commerce/souk/edge/internal/limit"
)

func TestTake(t *testing.T) {
	l := limit.New(10, 3)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 3 {
		if wait, ok := l.Take("a", now); !ok {
			t.Fatalf("call %d of a burst of 3 has to wait %v", i+1, wait)
		}
	}
	wait, ok := l.Take("a", now)
	if ok || wait <= 0 || wait > 100*time.Millisecond {
		t.Errorf("call 4: %v, %v; want to wait up to 100 ms", wait, ok)
	}
	if _, ok := l.Take("b", now); !ok {
		t.Error("another client has to wait too")
	}
	if _, ok := l.Take("a", now.Add(100*time.Millisecond)); !ok {
		t.Error("after 100 ms one more is allowed")
	}
	if _, ok := l.Take("a", now.Add(100*time.Millisecond)); ok {
		t.Error("after 100 ms only one more is allowed")
	}
}
