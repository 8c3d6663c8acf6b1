// Package run starts the parts of a program in order and stops them in reverse.
package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
)

// Part is something that runs until its context ends, and has cleaned up when
// Run returns. An error, or an early return, ends the whole program.
type Part interface {
	Name() string
	Run(ctx context.Context) error
}

// Func makes a Part of a function.
func Func(name string, f func(ctx context.Context) error) Part { return part{name, f} }

type part struct {
	name string
	run  func(ctx context.Context) error
}

func (p part) Name() string                  { return p.name }
func (p part) Run(ctx context.Context) error { return p.run(ctx) }

// Together makes one part of several that need not wait for each other: they are
// all told to stop at once.
func Together(name string, parts ...Part) Part {
	return Func(name, func(ctx context.Context) error {
		own, stop := context.WithCancel(ctx)
		defer stop()
		ended := make(chan error, len(parts))
		for _, p := range parts {
			go func() {
				err := p.Run(own)
				if own.Err() == nil {
					err = cmp.Or(err, errors.New("ended by itself"))
					stop()
				} else if errors.Is(err, context.Canceled) {
					err = nil
				}
				if err != nil {
					err = fmt.Errorf("%s: %w", p.Name(), err)
				}
				ended <- err
			}()
		}
		var errs []error
		for range parts {
			errs = append(errs, <-ended)
		}
		return errors.Join(errs...)
	})
}

// Until runs all parts until ctx ends or one of them fails. Then it stops them
// one at a time, the last started first, each having ended before the next is
// told to: what others lean on goes to sleep last.
func Until(ctx context.Context, parts ...Part) error {
	type running struct {
		stop context.CancelFunc
		done chan struct{}
	}
	var (
		all    []running
		failed = make(chan error, len(parts))
		once   sync.Once
		ending = make(chan struct{})
	)
	for _, p := range parts {
		own, stop := context.WithCancel(context.WithoutCancel(ctx))
		r := running{stop, make(chan struct{})}
		all = append(all, r)
		go func() {
			defer close(r.done)
			err := p.Run(own)
			if own.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
				return
			}
			if err == nil {
				err = errors.New("ended by itself")
			}
			failed <- fmt.Errorf("%s: %w", p.Name(), err)
			once.Do(func() { close(ending) })
		}()
	}
	select {
	case <-ctx.Done():
	case <-ending:
	}
	for i := len(all) - 1; i >= 0; i-- {
		all[i].stop()
		<-all[i].done
	}
	close(failed)
	var errs []error
	for err := range failed {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Main runs f with a context that ends on SIGINT and SIGTERM, and returns the
// program's exit code: 1 with one line on errs when f fails. A second signal
// ends the program at once.
func Main(errs io.Writer, f func(ctx context.Context) error) int {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	finished := make(chan struct{})
	defer close(finished)
	go func() {
		for range 2 {
			select {
			case <-signals:
				if ctx.Err() != nil {
					os.Exit(130)
				}
				stop()
			case <-finished:
				return
			}
		}
	}()
	if err := f(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(errs, "souk:", oneLine(err))
		return 1
	}
	return 0
}

// oneLine writes an error of many lines, as some libraries make them, as one.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\t' }), " ")
}
