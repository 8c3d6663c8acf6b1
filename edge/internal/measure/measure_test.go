package measure

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/souk-commerce/souk/kit/clock"
)

func TestPart(t *testing.T) {
	for status, want := range map[string]string{"": "none", "souk; hit": "hit", "souk; hit; detail=stale": "hit", "souk; fwd=miss; stored": "fwd=miss", "other; hit": "none"} {
		if got := part(status); got != want {
			t.Errorf("%q is %q, want %q", status, got, want)
		}
	}
}

func TestWhatIsWatchedCanStillBeFlushed(t *testing.T) {
	page := httptest.NewRecorder()
	Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
	}), clock.NewFake(time.Now())).ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/", nil))
	if !page.Flushed || page.Code != http.StatusTeapot {
		t.Errorf("flushed is %v and the status %d", page.Flushed, page.Code)
	}
}
