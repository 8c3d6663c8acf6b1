package access_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/souk-commerce/souk/edge/internal/access"
	"github.com/souk-commerce/souk/kit/clock"
)

func TestWhatIsWrittenDown(t *testing.T) {
	fake := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	for name, c := range map[string]struct {
		share   float64
		status  int
		takes   time.Duration
		written bool
	}{
		"all":              {1, 200, 0, true},
		"none":             {0, 200, 0, false},
		"what fails":       {0, 503, 0, true},
		"what takes long":  {0, 200, 3 * time.Second, true},
		"not what is said": {0, 404, time.Second, false},
	} {
		var out bytes.Buffer
		inside := ""
		h := access.Log{To: slog.New(slog.NewJSONHandler(&out, nil)), Share: c.share, Clock: fake}.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inside = r.Header.Get(access.Header)
			fake.Advance(c.takes)
			w.Header().Set("Cache-Status", "souk; fwd=miss")
			w.WriteHeader(c.status)
			io.WriteString(w, "hello")
		}))
		r := httptest.NewRequest(http.MethodGet, "/orders/find?email=ada@example.com", nil)
		r.Header.Set(access.Header, "mine")
		r.Header.Set("User-Agent", strings.Repeat("x", 1000))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if id := w.Header().Get(access.Header); id == "" || id == "mine" || id != inside {
			t.Errorf("%s: the request's id is %q for who asked and %q for the part", name, id, inside)
		}
		if (out.Len() > 0) != c.written {
			t.Errorf("%s: %s", name, out.String())
		}
		if !c.written {
			continue
		}
		var line struct {
			ID, Method, Path, Cache string
			Status                  int
			Bytes                   int64
			Ms                      float64
		}
		if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.ID != inside || line.Status != c.status || line.Path != "/orders/find" || line.Bytes != 5 || line.Ms != float64(c.takes.Milliseconds()) {
			t.Errorf("%s: %+v, %v", name, line, err)
		}
		if strings.Contains(out.String(), "ada") || out.Len() > 1000 {
			t.Errorf("%s: too much is written down: %s", name, out.String())
		}
	}
}
