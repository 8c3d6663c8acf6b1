package chaos

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"strings"
)

// notedPasses is how many passes of a point a process notes down: enough to know
// which points there are, and which are passed hardly ever.
const notedPasses = 100

// journal is a file that all processes add lines to: a point, a tab, and what
// happened there; nothing for a pass.
type journal struct{ file *os.File }

func openJournal(path string) (*journal, map[string]Count, int, error) {
	if path == "" {
		return &journal{}, nil, 0, nil
	}
	counts, lines, err := read(path)
	if err != nil {
		return nil, nil, 0, err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	return &journal{file}, counts, lines, err
}

// note writes before it happens. A line that cannot be written is one that nobody counts.
func (j *journal) note(where string, what Fault) {
	if j.file != nil {
		_, _ = j.file.WriteString(where + "\t" + string(what) + "\n")
	}
}

// Count is how often a point was passed, as far as that was noted, and what
// happened there.
type Count struct {
	Passes, Faults int
	By             map[Fault]int
}

// Counts reads a journal: what happened at which point.
func Counts(path string) (map[string]Count, error) {
	counts, _, err := read(path)
	return counts, err
}

func read(path string) (counts map[string]Count, lines int, err error) {
	counts = map[string]Count{}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return counts, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	scan := bufio.NewScanner(file)
	for scan.Scan() {
		where, what, ok := strings.Cut(scan.Text(), "\t")
		if !ok {
			continue
		}
		lines++
		c := counts[where]
		if c.By == nil {
			c.By = map[Fault]int{}
		}
		if what == "" {
			c.Passes++
		} else {
			c.Faults++
			c.By[Fault(what)]++
		}
		counts[where] = c
	}
	return counts, lines, scan.Err()
}
