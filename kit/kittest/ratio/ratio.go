// Package ratio measures our way of doing something beside a plain way of doing
// the same, in turns within one run. What a machine does otherwise falls on
// both, so that their ratio says something on any machine, and on a busy one.
package ratio

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/souk-commerce/souk/kit/clock"
)

// Side does the thing n times.
type Side func(n int)

// Together is many sides at once; each does its part of the n times.
func Together(sides ...Side) Side {
	return func(n int) {
		var busy sync.WaitGroup
		for i, side := range sides {
			busy.Go(func() { side((n + i) / len(sides)) })
		}
		busy.Wait()
	}
}

// Units of what is reported: the median time of each side for doing the thing
// once, and the median of ours over the reference, turn by turn.
const (
	UnitOurs      = "ours-ns"
	UnitReference = "reference-ns"
	UnitRatio     = "x-reference"
)

// Of measures ours against a reference, which is named. Both do the same; what
// they need is there before.
func Of(b *testing.B, against string, ours, reference Side) {
	b.Run("against "+against, func(b *testing.B) {
		m := start(clock.System, ours, reference)
		for b.Loop() {
			m.turn()
		}
		b.ReportMetric(0, "ns/op") // of a turn: says nothing
		b.ReportMetric(median(m.times[0]), UnitOurs)
		b.ReportMetric(median(m.times[1]), UnitReference)
		b.ReportMetric(median(m.ratios), UnitRatio)
	})
}

// slice is the least that is timed at once: long enough that a side collects its
// garbage in it.
const slice = 50 * time.Millisecond

type measure struct {
	clock  clock.Clock
	sides  [2]Side
	count  [2]int // how often a side does the thing in a slice
	times  [2][]float64
	ratios []float64
}

// start finds out how much of each side fills a slice, which also warms it up.
func start(c clock.Clock, ours, reference Side) *measure {
	m := &measure{clock: c, sides: [2]Side{ours, reference}, count: [2]int{1, 1}}
	for i := range m.sides {
		for min(m.time(i), m.time(i)) < slice {
			m.count[i] *= 2
		}
	}
	return m
}

// time runs a side over a heap that is clean, so that nobody pays for the garbage
// of the other.
func (m *measure) time(i int) time.Duration {
	runtime.GC()
	began := m.clock.Now()
	m.sides[i](m.count[i])
	return m.clock.Now().Sub(began)
}

// turn runs both sides; who goes first alternates. A side that was disturbed when
// it was started does more from now on.
func (m *measure) turn() {
	first := len(m.ratios) % 2
	var once [2]float64
	for _, i := range []int{first, 1 - first} {
		took := m.time(i)
		once[i] = float64(took) / float64(m.count[i])
		m.times[i] = append(m.times[i], once[i])
		if took < slice {
			m.count[i] *= 2
		}
	}
	m.ratios = append(m.ratios, once[0]/once[1])
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}
