// Package chaos makes things go wrong on purpose, at points that have names: a
// process ends at once, something takes long, an answer is lost, a message comes
// twice. What must never be wrong is then looked at.
//
// A Storm is handed to those who pass points: databases (before and after each
// commit), clients of other services (before and after each call), relays and
// consumers of events. A nil Storm is calm weather: nothing happens, and passing
// a point costs a comparison.
//
// What happens is drawn from a seed, the part's name and how much happened before;
// the journal remembers that when the process does not. At each point faults come
// at random, seldom and then ever more seldom, so that points that are passed
// rarely get their share and those that are passed often do not stop everything.
package chaos

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"time"
)

// Fault is what can happen at a point.
type Fault string

// The faults.
const (
	// The process ends as in a power cut.
	Die Fault = "die"
	// It takes long.
	Delay Fault = "delay"
	// Whoever waits for an answer gets none. Before a deed, it is not done either.
	Lose Fault = "lose"
	// It is done twice.
	Twice Fault = "twice"
)

// ErrLost is the answer of those that are lost.
var ErrLost = errors.New("chaos: the answer was lost")

// Storm is what goes wrong in one process.
type Storm struct {
	cfg     Config
	journal *journal
	born    time.Time
	end     func() // of the process

	mu     sync.Mutex
	dice   *rand.Rand
	still  bool
	calm   bool
	looked time.Time // whether it is calm
	noted  int       // passes of all points
	points map[string]*point
}

type point struct {
	faults, earlier int // at all times; passes of earlier processes, as far as noted
	by              map[Fault]int
	passes          int // in this process
}

// fewest is the fault that there was the fewest of, but for some.
func (p *point) fewest(can []Fault, but Fault) (fault Fault) {
	for _, f := range can {
		if f != but && (fault == "" || p.by[f] < p.by[fault]) {
			fault = f
		}
	}
	return fault
}

// New returns a storm over the part of the shop that is named.
func New(cfg Config, part string) (*Storm, error) {
	cfg = cfg.whole()
	j, counts, lines, err := openJournal(cfg.Journal)
	if err != nil {
		return nil, fmt.Errorf("chaos: journal: %w", err)
	}
	name := fnv.New64a()
	fmt.Fprint(name, part, lines)
	s := &Storm{cfg: cfg, journal: j, born: time.Now(), end: die, dice: rand.New(rand.NewPCG(cfg.Seed, name.Sum64())), points: map[string]*point{}, noted: lines}
	for where, c := range counts {
		s.points[where] = &point{faults: c.Faults, by: c.By, earlier: c.Passes}
	}
	return s, nil
}

// die does not return: nothing is flushed, nothing is closed.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// At passes a point, which is a moment at a place ("order/capture", "before-commit")
// where some faults can happen. It returns ErrLost for Lose; for Twice it returns
// true, and the caller knows what that means. It may not return at all.
func (s *Storm) At(ctx context.Context, place, moment string, can ...Fault) (twice bool, err error) {
	if s == nil {
		return false, nil
	}
	where := place + "/" + moment
	switch fault, wait := s.draw(where, can); fault {
	case Die:
		s.end()
	case Delay:
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	case Lose:
		return false, fmt.Errorf("%w at %s", ErrLost, where)
	case Twice:
		return true, nil
	}
	return false, nil
}

// Pass is At for points where nothing comes twice.
func (s *Storm) Pass(ctx context.Context, place, moment string, can ...Fault) error {
	_, err := s.At(ctx, place, moment, can...)
	return err
}

// draw decides, and notes down, what happens now.
func (s *Storm) draw(where string, can []Fault) (Fault, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isCalm() {
		return "", 0
	}
	p, ok := s.points[where]
	if !ok {
		p = &point{by: map[Fault]int{}}
		s.points[where] = p
	}
	if p.passes++; p.passes <= notedPasses {
		s.journal.note(where, "")
		s.noted++
	}
	hit := s.dice.Float64() < s.cfg.chance(p.faults, p.earlier+p.passes)
	wait := time.Duration(s.dice.Int64N(int64(s.cfg.Longest)))
	fault := p.fewest(can, "")
	// Nobody who dies as soon as they live gets anything done.
	young := time.Since(s.born) < s.cfg.Youth
	// A point that hardly anybody passes gets its share at once, and a death as soon
	// as one can be had.
	if (p.earlier+p.passes)*rare < s.noted {
		if fault == Die && young {
			fault = p.fewest(can, Die)
		}
		hit = hit || p.faults < evenFaults || fault == Die && p.by[Die] == 0
	}
	if !hit || fault == "" || fault == Die && young {
		return "", 0
	}
	p.by[fault]++
	p.faults++
	s.journal.note(where, fault)
	return fault, wait
}

// Still holds the storm back, or lets it go on.
func (s *Storm) Still(still bool) {
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.still = still
	}
}

// isCalm looks for the file that says so, though not at every pass.
func (s *Storm) isCalm() bool {
	const every = 50 * time.Millisecond
	if now := time.Now(); s.cfg.Calm != "" && now.Sub(s.looked) > every {
		_, err := os.Stat(s.cfg.Calm)
		s.calm, s.looked = err == nil, now
	}
	return s.calm || s.still
}
