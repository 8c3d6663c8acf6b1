package main_test

import (
	"io"
	"net/http"
	"regexp"
	"testing"
	"time"
)

// TestNumbers reads what the shop counts of itself, where only its keepers can.
func TestNumbers(t *testing.T) {
	s := theShop(t)
	b := s.buyer()
	req, err := b.request(t.Context(), "KIT001ET-CREAM", s.cardToken("4242424242424242"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.place(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time from the cache
		if code, _ := get(t, s.url+"/"); code != http.StatusOK {
			t.Fatalf("the home page answers %d", code)
		}
	}
	var page string
	waitFor(t, "the order to be told", 20*time.Second, func() bool {
		_, page = get(t, s.dev+"/metrics")
		return regexp.MustCompile(`souk_events_told_total\{[^}]*type="souk.order.v1.OrderPlaced"[^}]*\} [1-9]`).MatchString(page)
	})
	for _, want := range []string{
		`souk_edge_duration_seconds_count\{cache="hit"[^}]*status="200"\} [1-9]`,
		`rpc_server_[a-z_]*duration[a-z_]*_count\{[^}]*PlaceOrder[^}]*\} [1-9]`,
		`souk_events_heard_total\{[^}]*consumer="notification"[^}]*outcome="done"`,
		`process_resident_memory_bytes`,
	} {
		if !regexp.MustCompile(want).MatchString(page) {
			t.Errorf("the numbers lack %s", want)
		}
	}
	if code, _ := get(t, s.url+"/metrics"); code != http.StatusNotFound {
		t.Errorf("the public address answers /metrics with %d; want 404", code)
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := plenty.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
