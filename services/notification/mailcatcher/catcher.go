// Package mailcatcher is the mail server of a shop in development: it takes every
// mail, sends none, and shows them on pages.
package mailcatcher

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Config is where and how many mails are kept.
type Config struct {
	// A folder of the catcher's own; it is made when it is not there.
	Dir string
	// How many mails are kept, the newest; 500 when not given.
	Keep int
}

// Catcher keeps caught mails in a folder, one file each.
type Catcher struct {
	dir  string
	keep int
	log  *slog.Logger

	mu     sync.Mutex
	caught []entry // the oldest first
}

// entry is what is kept of a mail in memory, so that a list needs no files.
type entry struct {
	ID string
	Envelope
	Subject string
}

// Envelope is what the sending side said beside the mail. It is the first line of
// a mail's file.
type Envelope struct {
	From string    `json:"from"`
	To   []string  `json:"to"`
	Time time.Time `json:"time"`
}

const (
	defaultKeep = 500
	mostBytes   = 2 << 20
	suffix      = ".mail"
)

// New returns a catcher with the mails that the folder has.
func New(cfg Config, log *slog.Logger) (*Catcher, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("mail catcher: %w", err)
	}
	c := &Catcher{dir: cfg.Dir, keep: cmp.Or(cfg.Keep, defaultKeep), log: log}
	if err := c.load(); err != nil {
		return nil, fmt.Errorf("mail catcher: %w", err)
	}
	return c, nil
}

func (c *Catcher) load() error {
	files, err := filepath.Glob(filepath.Join(c.dir, "*"+suffix))
	if err != nil {
		return err
	}
	slices.Sort(files) // names begin with the time
	for _, f := range files {
		id := strings.TrimSuffix(filepath.Base(f), suffix)
		envelope, raw, err := c.read(id)
		if err != nil {
			c.log.Warn("a caught mail cannot be read and is passed over", "file", f, "error", err)
			continue
		}
		c.caught = append(c.caught, entry{id, envelope, Parse(raw).Subject})
	}
	c.forget()
	return nil
}

func (c *Catcher) file(id string) string { return filepath.Join(c.dir, id+suffix) }

func (c *Catcher) read(id string) (Envelope, []byte, error) {
	content, err := os.ReadFile(c.file(id))
	if err != nil {
		return Envelope{}, nil, err
	}
	first, raw, _ := strings.Cut(string(content), "\n")
	var e Envelope
	if err := json.Unmarshal([]byte(first), &e); err != nil {
		return Envelope{}, nil, err
	}
	return e, []byte(raw), nil
}

// keepMail stores a mail; it is in its file when keepMail returns.
func (c *Catcher) keepMail(e Envelope, raw []byte) error {
	id, err := uuid.NewV7() // grows with time
	if err != nil {
		return err
	}
	first, err := json.Marshal(e)
	if err != nil {
		return err
	}
	subject := Parse(raw).Subject
	c.mu.Lock()
	defer c.mu.Unlock()
	draft := filepath.Join(c.dir, id.String()+".draft")
	if err := os.WriteFile(draft, slices.Concat(first, []byte("\n"), raw), 0o600); err != nil {
		return err
	}
	if err := os.Rename(draft, c.file(id.String())); err != nil {
		return err
	}
	c.caught = append(c.caught, entry{id.String(), e, subject})
	c.forget()
	return nil
}

// forget removes the oldest mails that are too many.
func (c *Catcher) forget() {
	for len(c.caught) > c.keep {
		if err := os.Remove(c.file(c.caught[0].ID)); err != nil && !os.IsNotExist(err) {
			c.log.Warn("an old mail cannot be removed", "error", err)
		}
		c.caught = c.caught[1:]
	}
}

// list returns what was caught for an address, or all, the newest first.
func (c *Catcher) list(to string) []entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []entry
	for _, e := range slices.Backward(c.caught) {
		if to == "" || slices.ContainsFunc(e.To, func(a string) bool { return strings.EqualFold(a, to) }) {
			found = append(found, e)
		}
	}
	return found
}

// mail returns one mail; false when there is none of this ID.
func (c *Catcher) mail(id string) (entry, Mail, bool) {
	for _, e := range c.list("") {
		if e.ID != id {
			continue
		}
		_, raw, err := c.read(id)
		return e, Parse(raw), err == nil
	}
	return entry{}, Mail{}, false
}
