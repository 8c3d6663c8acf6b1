package run_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/souk-commerce/souk/kit/run"
)

func TestUntilStopsInReverse(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var stopped []string
	var started sync.WaitGroup
	sleeper := func(name string) run.Part {
		started.Add(1)
		return run.Func(name, func(ctx context.Context) error {
			started.Done()
			<-ctx.Done()
			mu.Lock()
			defer mu.Unlock()
			stopped = append(stopped, name)
			return ctx.Err()
		})
	}
	parts := []run.Part{sleeper("database"), sleeper("service"), sleeper("edge")}
	go func() { started.Wait(); cancel() }()
	if err := run.Until(ctx, parts...); err != nil {
		t.Fatalf("Until = %v; want nil", err)
	}
	if want := []string{"edge", "service", "database"}; !slices.Equal(stopped, want) {
		t.Errorf("stopped %v; want %v", stopped, want)
	}
}

func TestUntilEndsWhenAPartFails(t *testing.T) {
	broken := errors.New("broken")
	err := run.Until(t.Context(),
		run.Func("steady", func(ctx context.Context) error { <-ctx.Done(); return nil }),
		run.Func("shaky", func(context.Context) error { return broken }))
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "shaky") {
		t.Errorf("Until = %v; want shaky: broken", err)
	}
}

// Parts of a group stop at once: each waits for the other to be told.
func TestTogetherStopsAllAtOnce(t *testing.T) {
	a, b := make(chan struct{}), make(chan struct{})
	wait := func(own, other chan struct{}) func(context.Context) error {
		return func(ctx context.Context) error {
			<-ctx.Done()
			close(own)
			<-other
			return nil
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run.Until(ctx, run.Together("both", run.Func("a", wait(a, b)), run.Func("b", wait(b, a)))); err != nil {
		t.Error(err)
	}
}

func TestTogetherEndsWhenOneFails(t *testing.T) {
	stopped := false
	err := run.Together("both",
		run.Func("good", func(ctx context.Context) error { <-ctx.Done(); stopped = true; return nil }),
		run.Func("bad", func(context.Context) error { return errors.New("no") })).Run(t.Context())
	if err == nil || err.Error() != "bad: no" || !stopped {
		t.Errorf("ended with %v, the other stopped: %v", err, stopped)
	}
}
