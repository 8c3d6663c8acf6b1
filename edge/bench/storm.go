package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const crowd = 1000

// storms has a thousand ask at once for what nobody has asked for yet, and for what is
// for each of them alone.
func (b *bench) storms(ctx context.Context) error {
	fmt.Printf("\n%d at once, of an origin that takes %v:\n", crowd, originDelay)
	for _, kind := range []string{"slow", "own"} {
		for _, s := range b.servers {
			if s.name == "net/http" {
				continue
			}
			var walls []float64
			var asked, different int
			for n := range min(b.rounds, 3) {
				if _, err := b.asked(); err != nil {
					return err
				}
				wall, bodies, err := storm(ctx, s.address, fmt.Sprintf("/p/%s/%d", kind, 100+n))
				if err != nil {
					return fmt.Errorf("%s: %w", s.name, err)
				}
				if asked, err = b.asked(); err != nil {
					return err
				}
				walls, different = append(walls, wall.Seconds()), len(bodies)
			}
			what := map[string]string{"slow": "the same page", "own": "a page of their own"}[kind]
			fmt.Printf("  %-10s %-20s the origin was asked %4d times, %.2f × its time, %d different answers\n", s.name, what+",", asked, median(walls)/originDelay.Seconds(), different)
		}
	}
	return nil
}

// asked is how often the origin was asked since this was last asked for.
func (b *bench) asked() (int, error) {
	resp, err := http.Get("http://" + b.origin.address + "/asked")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

// storm has a crowd ask at once, on connections that are open already.
func storm(ctx context.Context, address, path string) (wall time.Duration, bodies map[string]int, err error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: crowd, MaxConnsPerHost: crowd}, Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	ask := func(url string) (string, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return "", err
		}
		resp, err := client.Do(req)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return string(body), err
	}
	var mu sync.Mutex
	all := func(url string) {
		var people sync.WaitGroup
		for range crowd {
			people.Go(func() {
				body, failed := ask(url)
				mu.Lock()
				defer mu.Unlock()
				if failed != nil {
					err = failed
				}
				bodies[body]++
			})
		}
		people.Wait()
	}
	bodies = map[string]int{}
	all("http://" + address + "/p/2k/1") // opens the connections
	bodies = map[string]int{}
	began := time.Now()
	all("http://" + address + path)
	return time.Since(began), bodies, err
}
