package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/kit/clock"
)

// part is what stands behind an Upstream.
type part func(*http.Request) (*http.Response, error)

func (p part) RoundTrip(r *http.Request) (*http.Response, error) { return p(r) }

func says(r *http.Request, status int) (*http.Response, error) {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func call(t *testing.T, u *Upstream, method string, header ...string) (int, error) {
	t.Helper()
	return callWith(t, t.Context(), u, method, nil, header...)
}

func callWith(t *testing.T, ctx context.Context, u *Upstream, method string, body io.Reader, header ...string) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, "http://part/", body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := u.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	resp.Body.Close()
	return resp.StatusCode, nil
}

var errDown = errors.New("connection refused")

func TestBreakerOpensAndRecovers(t *testing.T) {
	for name, fails := range map[string]part{
		"refused": func(*http.Request) (*http.Response, error) { return nil, errDown },
		"502":     func(r *http.Request) (*http.Response, error) { return says(r, 502) },
		"504":     func(r *http.Request) (*http.Response, error) { return says(r, 504) },
		"hangs":   hangs,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked, well := 0, false
				u := New("order", part(func(r *http.Request) (*http.Response, error) {
					asked++
					if well {
						return says(r, 200)
					}
					return fails(r)
				}), Config{}, clock.System)
				for range failuresInARow {
					call(t, u, "POST")
				}
				began := time.Now()
				if _, err := call(t, u, "POST"); !errors.Is(err, ErrOpen) || asked != failuresInARow || time.Since(began) > 0 {
					t.Fatalf("the call after %d failures: %v after %v, and the part was asked %d times; want ErrOpen at once", failuresInARow, err, time.Since(began), asked)
				}
				// A probe that fails takes no longer than the pause, and the next pause is longer.
				time.Sleep(firstPause)
				began = time.Now()
				call(t, u, "POST")
				if asked != failuresInARow+1 || time.Since(began) > firstPause {
					t.Errorf("the probe: asked %d times, took %v", asked, time.Since(began))
				}
				time.Sleep(firstPause)
				if _, err := call(t, u, "POST"); !errors.Is(err, ErrOpen) {
					t.Errorf("before the second probe: %v, want ErrOpen", err)
				}
				well = true
				time.Sleep(firstPause)
				for range 3 {
					if status, err := call(t, u, "POST"); status != 200 {
						t.Errorf("when it is well again: %d %v", status, err)
					}
				}
			})
		})
	}
}

func TestBreakerOpensWhenHalfOfManyFail(t *testing.T) {
	b := breaker{changed: func(bool) {}}
	now := time.Unix(0, 0)
	for i := range enoughCalls {
		p, err := b.enter(now)
		if err != nil {
			t.Fatalf("open after %d calls", i)
		}
		b.leave(p, []outcome{good, bad}[i%2], now)
	}
	if _, err := b.enter(now); !errors.Is(err, ErrOpen) {
		t.Errorf("after %d calls of which half failed: %v, want ErrOpen", enoughCalls, err)
	}
}

func TestWhatIsTheCallersFaultOpensNothing(t *testing.T) {
	u := New("order", part(func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			_, err := io.ReadAll(r.Body)
			return nil, err
		}
		return nil, context.Cause(r.Context())
	}), Config{}, clock.System)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 * enoughCalls {
		if _, err := callWith(t, gone, u, "POST", nil); !errors.Is(err, context.Canceled) {
			t.Fatalf("a caller that is gone: %v", err)
		}
		large := http.MaxBytesReader(nil, io.NopCloser(strings.NewReader("too much")), 2)
		var tooLarge *http.MaxBytesError
		if _, err := callWith(t, t.Context(), u, "POST", large); !errors.As(err, &tooLarge) {
			t.Fatalf("a body that is too large: %v", err)
		}
	}
}

func TestTimeLimits(t *testing.T) {
	for _, c := range []struct {
		name string
		next part
		head []string
		err  error
		took time.Duration
	}{
		{"no connection", hangs, nil, ErrAway, time.Second},
		{"no answer", func(r *http.Request) (*http.Response, error) { connected(r); return hangs(r) }, nil, ErrSlow, 15 * time.Second},
		{"gRPC", slowly(time.Minute), []string{"Content-Type", "application/grpc+proto"}, nil, time.Minute},
		{"a Connect stream", slowly(time.Minute), []string{"Content-Type", "application/connect+json"}, nil, time.Minute},
		{"an upgrade", slowly(time.Minute), []string{"Upgrade", "websocket"}, nil, time.Minute},
		{"slow, but in time", slowly(14 * time.Second), nil, nil, 14 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				_, err := call(t, New("order", c.next, Config{}, clock.System), "POST", c.head...)
				if took := time.Since(began); !errors.Is(err, c.err) || took != c.took {
					t.Errorf("%v after %v, want %v after %v", err, took, c.err, c.took)
				}
			})
		})
	}
}

func TestTheCallersSlowBodyIsNotThePartsSlowness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := New("order", part(func(r *http.Request) (*http.Response, error) {
			connected(r)
			if _, err := io.ReadAll(r.Body); err != nil {
				return nil, err
			}
			return says(r, 200)
		}), Config{}, clock.System)
		if status, err := callWith(t, t.Context(), u, "POST", &trickle{n: 10}); status != 200 {
			t.Errorf("a body that comes over 100 seconds: %d %v", status, err)
		}
	})
}

type trickle struct{ n int }

func (s *trickle) Read(p []byte) (int, error) {
	if s.n--; s.n < 0 {
		return 0, io.EOF
	}
	time.Sleep(10 * time.Second)
	return copy(p, "x"), nil
}

func TestRepeats(t *testing.T) {
	for _, c := range []struct {
		name   string
		marked bool
		method string
		body   io.Reader
		fails  part
		asked  int
	}{
		{"a read", false, "GET", nil, refuse, 3},
		{"a head", false, "HEAD", nil, refuse, 3},
		{"a read answered 503", false, "GET", nil, func(r *http.Request) (*http.Response, error) { return says(r, 503) }, 3},
		{"not when told when to come back", false, "GET", nil, func(r *http.Request) (*http.Response, error) {
			resp, err := says(r, 503)
			resp.Header.Set("Retry-After", "9")
			return resp, err
		}, 1},
		{"not a read answered 500", false, "GET", nil, func(r *http.Request) (*http.Response, error) { return says(r, 500) }, 1},
		{"not a change", false, "POST", nil, refuse, 1},
		{"a call marked so", true, "POST", strings.NewReader("again"), refuse, 3},
		{"not a body that cannot be read again", true, "POST", io.NopCloser(strings.NewReader("once")), refuse, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked, bodies := 0, ""
				u := New("order", part(func(r *http.Request) (*http.Response, error) {
					asked++
					if r.Body != nil {
						b, _ := io.ReadAll(r.Body)
						bodies += string(b)
					}
					return c.fails(r)
				}), Config{}, clock.System)
				ctx := t.Context()
				if c.marked {
					ctx = Repeatable(ctx)
				}
				callWith(t, ctx, u, c.method, c.body)
				if asked != c.asked {
					t.Errorf("asked %d times, want %d", asked, c.asked)
				}
				if c.name == "a call marked so" && bodies != "againagainagain" {
					t.Errorf("the part read %q", bodies)
				}
			})
		})
	}
}

func TestHedges(t *testing.T) {
	for _, hedge := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var asked, cancelled atomic.Int32
			stuck := false
			u := New("catalog", part(func(r *http.Request) (*http.Response, error) {
				if asked.Add(1) == remembered+1 && stuck {
					connected(r)
					select {
					case <-r.Context().Done():
						cancelled.Add(1)
						return nil, r.Context().Err()
					case <-time.After(5 * time.Second):
					}
				}
				time.Sleep(30 * time.Millisecond)
				return says(r, 200)
			}), Config{Hedge: hedge}, clock.System)
			for range remembered {
				call(t, u, "GET")
			}
			stuck = true
			began := time.Now()
			status, err := call(t, u, "GET")
			took := time.Since(began)
			synctest.Wait()
			want, most := time.Duration(60)*time.Millisecond, int32(1)
			if !hedge {
				want, most = 5*time.Second+30*time.Millisecond, 0
			}
			if status != 200 || took != want || cancelled.Load() != most || asked.Load() != remembered+1+most {
				t.Errorf("hedge %v: %d %v after %v, asked %d, cancelled %d; want 200 after %v", hedge, status, err, took, asked.Load(), cancelled.Load(), want)
			}
		})
	}
}

// A part that says itself that it cannot just now is there: somebody behind it is away.
func TestAPartThatAnswersIsNotLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := New("order", part(func(r *http.Request) (*http.Response, error) { connected(r); return says(r, 503) }), Config{}, clock.System)
		for range 3 * enoughCalls {
			if status, err := call(t, u, "POST"); status != 503 || err != nil {
				t.Fatalf("%d %v, want the part's own 503", status, err)
			}
		}
	})
}

func TestTooManyAtOnceAreRefusedSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		u := New("order", part(func(r *http.Request) (*http.Response, error) { connected(r); <-release; return says(r, 200) }), Config{}, clock.System)
		answers := make(chan error, firstLimit+mostWaiting+10)
		for range firstLimit + mostWaiting + 10 {
			go func() { _, err := call(t, u, "POST"); answers <- err }()
		}
		synctest.Wait()
		if n := len(answers); n != 10 {
			t.Errorf("refused at once: %d, want the 10 for which there is no room to wait", n)
		}
		time.Sleep(longestWait)
		synctest.Wait()
		if n := len(answers); n != 10+mostWaiting {
			t.Errorf("refused after the wait: %d, want %d", n, 10+mostWaiting)
		}
		for range len(answers) {
			if err := <-answers; !errors.Is(err, ErrBusy) {
				t.Errorf("refused with %v", err)
			}
		}
		close(release)
		synctest.Wait()
		for range firstLimit {
			if err := <-answers; err != nil {
				t.Errorf("one that had a place: %v", err)
			}
		}
	})
}

func refuse(*http.Request) (*http.Response, error) { return nil, errDown }

func slowly(d time.Duration) part {
	return func(r *http.Request) (*http.Response, error) { connected(r); time.Sleep(d); return says(r, 200) }
}

func TestLimiterNeverLetsInMoreThanItsLimitAndRecovers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit, now := firstLimit, time.Unix(0, 0)
		l := limiter{limit: firstLimit, moved: func(n int) { limit = n }, flying: func(int) {}}
		gone, cancel := context.WithCancel(context.Background())
		cancel() // who has to wait leaves
		inside := 0
		enter := func() bool {
			before := inside
			if l.enter(gone) != nil {
				if before < limit {
					t.Fatalf("refused with %d of %d inside", before, limit)
				}
				return false
			}
			if inside++; inside > limit {
				t.Fatalf("%d inside, the limit is %d", inside, limit)
			}
			return true
		}
		leave := func(took time.Duration) {
			now = now.Add(time.Millisecond)
			inside--
			l.leave(took, now)
			if limit < leastLimit || limit > mostLimit {
				t.Fatalf("the limit is %d", limit)
			}
		}
		for range rapid.IntRange(0, 400).Draw(t, "steps") {
			if inside == 0 || rapid.Bool().Draw(t, "enter") {
				enter()
			} else {
				leave(time.Duration(rapid.IntRange(-1, 2000).Draw(t, "ms")) * time.Millisecond)
			}
		}
		for inside > 0 {
			leave(-1)
		}
		now = now.Add(2 * memory)
		for range 200 * samples {
			for enter() && inside < limit {
			}
			leave(5 * time.Millisecond)
		}
		if limit < firstLimit {
			t.Fatalf("the part is quick for long, and the limit is still %d", limit)
		}
	})
}

func TestLimiterShrinksWhenAnswersSlowDown(t *testing.T) {
	now := time.Unix(0, 0)
	l := limiter{limit: firstLimit, moved: func(int) {}, flying: func(int) {}}
	answer := func(took time.Duration) {
		for range 10 * samples {
			if err := l.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
			l.leave(took, now)
		}
	}
	answer(20 * time.Millisecond)
	answer(39 * time.Millisecond)
	if l.limit < firstLimit {
		t.Errorf("the limit is %v after answers within the tolerance", l.limit)
	}
	answer(400 * time.Millisecond)
	if l.limit != leastLimit {
		t.Errorf("the limit is %v after answers that take twenty times as long, want %d", l.limit, leastLimit)
	}
}

func TestBudgetIsNeverOverspent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(0, 0)
		b := budget{saved: mostSaved, at: now}
		var calls, spent, past float64
		for range rapid.IntRange(0, 500).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				b.call(now)
				calls++
			case 1:
				step := time.Duration(rapid.IntRange(0, 300).Draw(t, "ms")) * time.Millisecond
				now, past = now.Add(step), past+step.Seconds()
			default:
				if b.spend(now) {
					spent++
				}
			}
			if most := mostSaved + perCall*calls + perSecond*past; spent > most+1e-6 {
				t.Fatalf("%v second tries after %v calls in %v s, want at most %v", spent, calls, past, most)
			}
		}
		if now = now.Add(time.Second); !b.spend(now) {
			t.Fatal("a second later there is still none")
		}
	})
}

// connected tells, as http.Transport does, that there is a connection.
func connected(r *http.Request) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
}
