package chaos

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Config says how bad it gets. The zero value's numbers stand for the defaults.
type Config struct {
	Seed uint64
	// Where faults and points are noted; shared by all processes and kept between
	// their lives. Empty: nowhere.
	Journal string
	// While there is a file of this name, it is calm. Empty: never.
	Calm string
	// A point's first five faults come after about so many passes each.
	Gap float64
	// How much longer the gap is after each fault from the sixth on.
	Growth float64
	// How long a delay may be.
	Longest time.Duration
	// How long a process lives before it may die.
	Youth time.Duration
}

const (
	evenFaults = 5
	// A point is rare that has fewer than one of so many passes.
	rare = 2000
)

func (c Config) whole() Config {
	if c.Gap <= 0 {
		c.Gap = 100
	}
	if c.Growth < 1 {
		c.Growth = 1.5
	}
	if c.Longest <= 0 {
		c.Longest = 300 * time.Millisecond
	}
	if c.Youth <= 0 {
		c.Youth = 2 * time.Second
	}
	return c
}

// chance is how probable a fault is at a pass of a point that had so many, after so
// many passes. One that was lucky for long is hit soon.
func (c Config) chance(faults, passes int) float64 {
	if faults < evenFaults && float64(passes) > c.Gap*float64(faults+1) {
		return max(1/c.Gap, 0.1)
	}
	return 1 / (c.Gap * math.Pow(c.Growth, float64(max(0, faults-evenFaults))))
}

// Parse reads "seed=7,gap=40,growth=1.3,longest=300ms,youth=2s,journal=/tmp/faults,calm=/tmp/calm",
// or just a seed. An empty text is no storm at all.
func Parse(text string) (c Config, wanted bool, err error) {
	if text == "" {
		return c, false, nil
	}
	for word := range strings.SplitSeq(text, ",") {
		name, value, named := strings.Cut(word, "=")
		if !named {
			name, value = "seed", word
		}
		switch name {
		case "seed":
			c.Seed, err = strconv.ParseUint(value, 10, 64)
		case "gap":
			c.Gap, err = strconv.ParseFloat(value, 64)
		case "growth":
			c.Growth, err = strconv.ParseFloat(value, 64)
		case "longest":
			c.Longest, err = time.ParseDuration(value)
		case "youth":
			c.Youth, err = time.ParseDuration(value)
		case "journal":
			c.Journal = value
		case "calm":
			c.Calm = value
		default:
			err = fmt.Errorf("no setting is called %q", name)
		}
		if err != nil {
			return Config{}, false, fmt.Errorf("chaos %q: %w", text, err)
		}
	}
	return c, true, nil
}
