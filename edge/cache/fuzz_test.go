package cache

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Whatever an origin says, an answer that is plainly not for everybody is not kept,
// and no time is below zero.
func FuzzControl(f *testing.F) {
	for _, said := range []string{"max-age=60", `no-cache="a, b", max-age=1`, "s-maxage=1, private", "MAX-AGE = 3", `"`, "a\\,no-store", "max-age=99999999999999999999", "stale-if-error=-1"} {
		f.Add(said, "max-age=5;a=b", "0", "Sun, 01 Mar 2026 12:00:00 GMT")
	}
	c := New(Config{StaleIfDown: time.Hour})
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, control, targeted, age, expires string) {
		h := http.Header{"Cache-Control": {control}, "Age": {age}, "Expires": {expires}}
		if targeted != "" {
			h["Cdn-Cache-Control"] = []string{targeted}
		}
		l, ok := c.lifeOf(http.StatusOK, h, false, now)
		if l.fresh < 0 || l.whileAsking < 0 || l.ifFailed < 0 || made(h, now, now).After(now) {
			t.Errorf("%q, %q: %+v, made %v", control, targeted, l, made(h, now, now))
		}
		if ok {
			h.Set("Cache-Control", "private, "+strings.ReplaceAll(control, `"`, ""))
			h.Del("Cdn-Cache-Control")
			if _, kept := c.lifeOf(http.StatusOK, h, false, now); kept {
				t.Errorf("kept though private: %q", h.Get("Cache-Control"))
			}
		}
	})
}

func FuzzChosenBy(f *testing.F) {
	f.Add("Accept-Language", "de;q=0.5, en , fr;q=x")
	f.Add("X-Kind", "a,  b\t,c")
	f.Fuzz(func(t *testing.T, name, value string) {
		h := http.Header{name: {value}}
		e := &Entry{}
		e.choose([]string{name}, h)
		if !e.fits(h) {
			t.Errorf("what was asked for with %q: %q is not given to who asks the same", name, value)
		}
	})
}
