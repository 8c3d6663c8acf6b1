package chaos

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// storm is one that hits at every pass, and says when it would have died.
func storm(t *testing.T, c Config) (*Storm, *int) {
	t.Helper()
	if c.Gap == 0 {
		c.Gap = 1
	}
	c.Youth, c.Longest = 1, 1
	s, err := New(c, "test")
	if err != nil {
		t.Fatal(err)
	}
	deaths := new(int)
	s.end = func() { *deaths++ }
	return s, deaths
}

func TestNoStormDoesNothing(t *testing.T) {
	var calm *Storm
	ctx := t.Context()
	if twice, err := calm.At(ctx, "a", "b", Die, Lose, Twice); twice || err != nil {
		t.Errorf("calm weather: %v, %v", twice, err)
	}
	if calm.Enter(ctx, "place") != ctx {
		t.Error("calm weather makes contexts")
	}
	if calm.Transport("x", http.DefaultTransport) != http.DefaultTransport {
		t.Error("calm weather wraps transports")
	}
	if n := testing.AllocsPerRun(100, func() { _ = calm.Pass(ctx, "a", "b", Die, Lose) }); n > 0 {
		t.Errorf("passing a point in calm weather makes %v allocations", n)
	}
}

func TestFaultsComeInTurn(t *testing.T) {
	s, deaths := storm(t, Config{})
	for n, want := range []struct {
		deaths int
		lost   bool
		twice  bool
	}{{1, false, false}, {1, true, false}, {1, false, true}, {1, false, false}, {2, false, false}} {
		twice, err := s.At(t.Context(), "place", "moment", Die, Lose, Twice, Delay)
		if *deaths != want.deaths || errors.Is(err, ErrLost) != want.lost || twice != want.twice {
			t.Errorf("pass %d: %d deaths, %v, twice %v; want %+v", n, *deaths, err, twice, want)
		}
	}
}

func TestPointsThatArePassedOftenAreHitSeldom(t *testing.T) {
	s, _ := storm(t, Config{Seed: 1, Gap: 20})
	hits := func(passes int, where string) (n int) {
		for range passes {
			if s.Pass(t.Context(), where, "x", Lose) != nil {
				n++
			}
		}
		return n
	}
	rare, often := hits(300, "rare"), hits(10_000, "often")
	if rare < evenFaults {
		t.Errorf("300 passes were hit %d times, want at least %d", rare, evenFaults)
	}
	if often < rare || often > 30 {
		t.Errorf("10000 passes were hit %d times, want a few more than %d", often, rare)
	}
}

func TestPointsThatHardlyAnybodyPassesAreHitAtOnce(t *testing.T) {
	s, deaths := storm(t, Config{Seed: 1, Gap: 1e9})
	seldom := func() error {
		s.noted += 2 * rare // elsewhere
		return s.Pass(t.Context(), "seldom", "x", Die, Lose, Delay)
	}
	s.cfg.Youth = time.Hour
	for range evenFaults {
		_ = seldom()
	}
	if p := s.points["seldom/x"]; p.faults != evenFaults || *deaths > 0 {
		t.Errorf("%d passes of the young were hit %d times, with %d deaths; want %d and none", evenFaults, p.faults, *deaths, evenFaults)
	}
	if err := seldom(); err != nil || *deaths > 0 {
		t.Errorf("enough is not enough: %v, %d deaths", err, *deaths)
	}
	s.cfg.Youth = 0
	for range 10 {
		_ = seldom()
	}
	if *deaths != 1 {
		t.Errorf("%d deaths later, want the one that was due", *deaths)
	}
}

func TestWhoHasJustBegunToLiveDoesNotDie(t *testing.T) {
	s, deaths := storm(t, Config{})
	s.cfg.Youth = time.Hour
	for range 3 {
		if err := s.Pass(t.Context(), "a", "b", Die, Lose); err != nil {
			t.Error(err)
		}
	}
	s.cfg.Youth = 0
	_ = s.Pass(t.Context(), "a", "b", Die, Lose)
	if *deaths != 1 {
		t.Errorf("%d deaths later, want the one that was due", *deaths)
	}
}

func TestSameSeedSameStorm(t *testing.T) {
	course := func(seed uint64) (all string) {
		s, _ := storm(t, Config{Seed: seed, Gap: 3})
		for range 100 {
			if s.Pass(t.Context(), "a", "b", Lose) != nil {
				all += "x"
			} else {
				all += "."
			}
		}
		return all
	}
	if first, second := course(7), course(7); first != second {
		t.Error("one seed had two storms")
	}
	if course(7) == course(8) {
		t.Error("two seeds had one storm")
	}
}

func TestTheJournalOutlivesTheProcess(t *testing.T) {
	c := Config{Journal: filepath.Join(t.TempDir(), "faults")}
	first, deaths := storm(t, c)
	_ = first.Pass(t.Context(), "a", "b", Die, Lose)
	second, _ := storm(t, c)
	err := second.Pass(t.Context(), "a", "b", Die, Lose)
	if *deaths != 1 || !errors.Is(err, ErrLost) {
		t.Errorf("%d deaths, then %v; want the turn to go on with a lost answer", *deaths, err)
	}
	counts, err := Counts(c.Journal)
	if err != nil {
		t.Fatal(err)
	}
	if got := counts["a/b"]; got.Passes != 2 || got.Faults != 2 || got.By[Die] != 1 || got.By[Lose] != 1 {
		t.Errorf("the journal has %+v", got)
	}
}

func TestTheYoungDoNotDie(t *testing.T) {
	s, deaths := storm(t, Config{})
	s.cfg.Youth = time.Hour
	_ = s.Pass(t.Context(), "a", "b", Die)
	if *deaths != 0 {
		t.Error("it died young")
	}
}

func TestItIsCalmWhileThereIsAFile(t *testing.T) {
	calm := filepath.Join(t.TempDir(), "calm")
	if err := os.WriteFile(calm, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ := storm(t, Config{Calm: calm})
	if err := s.Pass(t.Context(), "a", "b", Lose); err != nil {
		t.Errorf("in calm weather: %v", err)
	}
	s.Still(true)
	if err := os.Remove(calm); err != nil {
		t.Fatal(err)
	}
	s.looked = time.Time{}
	if err := s.Pass(t.Context(), "a", "b", Lose); err != nil {
		t.Errorf("held still: %v", err)
	}
	s.Still(false)
	if err := s.Pass(t.Context(), "a", "b", Lose); !errors.Is(err, ErrLost) {
		t.Errorf("after it: %v", err)
	}
}

func TestADelayEndsWithItsContext(t *testing.T) {
	s, _ := storm(t, Config{})
	s.cfg.Longest = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.Pass(ctx, "a", "b", Delay); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it ended with %v", err)
	}
}

func TestPlacesAreNamedByWhoKnowsBest(t *testing.T) {
	s, _ := storm(t, Config{})
	ctx := s.Enter(t.Context(), "outer")
	if got := Place(ctx, "none"); got != "outer" {
		t.Errorf("the place is %q", got)
	}
	Here(ctx, "inner")
	if got := Place(ctx, "none"); got != "inner" {
		t.Errorf("the place is %q after Here", got)
	}
	Here(t.Context(), "nowhere")
	if got := Place(t.Context(), "none"); got != "none" {
		t.Errorf("outside, the place is %q", got)
	}
}

func TestCalls(t *testing.T) {
	var asked atomic.Int64
	bodies := make(chan string, 4)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
	}))
	defer server.Close()
	s, deaths := storm(t, Config{})
	client := &http.Client{Transport: s.Transport("us", http.DefaultTransport)}
	ask := func() error {
		resp, err := client.Post(server.URL+"/souk.stock.v1.StockService/Reserve", "text/plain", strings.NewReader("three"))
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	// Before: die, lose, twice. After: die, lose.
	if err := ask(); err != nil || *deaths != 2 || asked.Load() != 1 {
		t.Errorf("first: %v, %d deaths, asked %d times", err, *deaths, asked.Load())
	}
	if err := ask(); !errors.Is(err, ErrLost) || asked.Load() != 1 {
		t.Errorf("a question that is lost: %v, asked %d times", err, asked.Load())
	}
	if err := ask(); !errors.Is(err, ErrLost) {
		t.Errorf("an answer that is lost: %v", err)
	}
	for range 3 {
		select {
		case body := <-bodies:
			if body != "three" {
				t.Errorf("the server read %q", body)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the question did not come twice")
		}
	}
}

func TestCallName(t *testing.T) {
	for path, want := range map[string]string{
		"/souk.stock.v1.StockService/Reserve":       "StockService.Reserve",
		"/v1/payments/pay_0b1c2d3e4f56/capture":     "GET v1/payments/*/capture",
		"/sandbox/v1/payments":                      "GET sandbox/v1/payments",
		"/v1/payment_intents/pi_3MtwBwLkdIwHu7ix28": "GET v1/payment_intents/*",
	} {
		if got := CallName(httptest.NewRequest(http.MethodGet, path, nil)); got != want {
			t.Errorf("CallName(%s) = %q, want %q", path, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	c, wanted, err := Parse("seed=7,gap=40,growth=1.3,longest=50ms,youth=1s,journal=/tmp/x,calm=/tmp/y")
	if want := (Config{Seed: 7, Gap: 40, Growth: 1.3, Longest: 50 * time.Millisecond, Youth: time.Second, Journal: "/tmp/x", Calm: "/tmp/y"}); err != nil || !wanted || c != want {
		t.Errorf("parsed %+v, %v, %v", c, wanted, err)
	}
	if c, wanted, err := Parse("12"); err != nil || !wanted || c.Seed != 12 {
		t.Errorf("a bare seed: %+v, %v, %v", c, wanted, err)
	}
	if _, wanted, err := Parse(""); wanted || err != nil {
		t.Errorf("nothing: %v, %v", wanted, err)
	}
	for _, bad := range []string{"x", "seed=x", "speed=9", "longest=9"} {
		if _, _, err := Parse(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
