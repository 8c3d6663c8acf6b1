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
