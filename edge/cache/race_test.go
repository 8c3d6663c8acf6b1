package cache_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/souk-commerce/souk/edge/cache"
)

var raceSeed = flag.Uint64("race-seed", 0, "of TestNobodyReadsWhatWasPurged; 0: another one each time")

// Things change and are purged while they are asked for, fetched and stored, a
// million times over. Nobody gets a version from before a purge that had returned
// when they asked.
func TestNobodyReadsWhatWasPurged(t *testing.T) {
	const (
		things     = 50
		operations = 1_000_000
		people     = 8
	)
	seed := *raceSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	var (
		version, purged [things]atomic.Int64
		sequence        atomic.Uint64
		order           sync.Mutex // events have one
	)
	h := build(t, func(r *http.Request) (*http.Response, error) {
		n, _ := strconv.Atoi(r.URL.Path[1:])
		v := version[n].Load()
		return say(200, strconv.FormatInt(v, 10), "Cache-Control", "max-age=3600", "Surrogate-Key", fmt.Sprintf("thing/%d", n)), nil
	})
	var found atomic.Int64
	var what atomic.Value
	var crowd sync.WaitGroup
	for p := range people {
		crowd.Go(func() {
			dice := rand.New(rand.NewPCG(seed, uint64(p)))
			for range operations / people {
				n := dice.IntN(things)
				if dice.IntN(50) == 0 {
					order.Lock()
					v := version[n].Add(1)
					h.store.Purge([]string{fmt.Sprintf("thing/%d", n)}, sequence.Add(1))
					purged[n].Store(v)
					order.Unlock()
					continue
				}
				least := purged[n].Load()
				w := httptest.NewRecorder()
				h.cache.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://shop.example/"+strconv.Itoa(n), nil))
				if got, _ := strconv.ParseInt(w.Body.String(), 10, 64); got < least {
					found.Add(1)
					what.Store(fmt.Sprintf("thing %d: version %d after %d was purged: %v", n, got, least, w.Header()))
				}
			}
		})
	}
	crowd.Wait()
	if found.Load() > 0 {
		t.Errorf("seed %d: %d stale reads; the last: %v", seed, found.Load(), what.Load())
	}
	if asked := h.asked.Load(); asked > operations/2 {
		t.Errorf("the origin was asked %d times: nothing is kept", asked)
	}
	t.Logf("%d fills, %d purges", h.asked.Load(), sequence.Load())
}

// What a purge costs does not depend on how much is kept.
func BenchmarkPurge(b *testing.B) {
	store, err := cache.NewStore(8 << 20)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	store.Follow(0)
	tags := []string{"product/42"}
	for n := range b.N {
		store.Purge(tags, uint64(n))
	}
}
