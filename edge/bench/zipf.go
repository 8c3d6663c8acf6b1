package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
)

const (
	products = 100_000
	shoppers = 32
	// What the edge and Varnish may keep.
	memoryMB = 64
)

// zipf draws from n things: the first twice as often as the second, three times as
// often as the third.
type zipf []float64

func newZipf(n int) zipf {
	z, sum := make(zipf, n), 0.0
	for i := range z {
		sum += 1 / float64(i+1)
		z[i] = sum
	}
	return z
}

func (z zipf) draw(dice *rand.Rand) int {
	return sort.SearchFloat64s(z, dice.Float64()*z[len(z)-1])
}

// mix has many look at many products, and counts how often the origin was asked.
func (b *bench) mix(ctx context.Context) error {
	fmt.Printf("\n%d requests for %d products of 2 KB, by Zipf, with %d MB to keep them in:\n", b.requests, products, memoryMB)
	z := newZipf(products)
	for _, s := range b.servers {
		if s.name != "edge" && s.name != "varnish" {
			continue
		}
		// The first half fills the memory.
		for half := range 2 {
			if _, err := b.asked(); err != nil {
				return err
			}
			if err := look(ctx, s.address, z, b.requests/2, uint64(half)); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
		asked, err := b.asked()
		if err != nil {
			return err
		}
		resident, err := s.resident()
		if err != nil {
			return err
		}
		fmt.Printf("  %-8s %.1f %% from memory, %d MB resident (%d MB before)\n", s.name, 100*(1-float64(asked)/float64(b.requests/2)), resident>>20, s.empty>>20)
	}
	return nil
}

func look(ctx context.Context, address string, z zipf, requests int, seed uint64) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: shoppers, DisableCompression: true}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var failed error
	var people sync.WaitGroup
	for person := range shoppers {
		people.Go(func() {
			dice := rand.New(rand.NewPCG(seed, uint64(person)))
			for range requests / shoppers {
				if err := one(ctx, client, fmt.Sprintf("http://%s/p/2k/%d", address, 1000+z.draw(dice))); err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
					return
				}
			}
		})
	}
	people.Wait()
	return failed
}

func one(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	return nil
}

// resident is the memory that a server takes.
func (s *server) resident() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(text), "VmRSS:")
	kb, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	return kb << 10, err
}
