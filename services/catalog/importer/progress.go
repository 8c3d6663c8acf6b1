package importer

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far an import is.
type progress interface {
	add(rows int)
	say(sentence string)
	done()
}

func newProgress(w io.Writer, total int) progress {
	if w == nil {
		return quiet{}
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &bar{w, progressbar.NewOptions(total,
			progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("importing"), progressbar.OptionShowCount(),
			progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"), progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(65*time.Millisecond), progressbar.OptionClearOnFinish())}
	}
	return &plain{out: w, total: total, told: time.Now()}
}

type quiet struct{}

func (quiet) add(int)    {}
func (quiet) say(string) {}
func (quiet) done()      {}

// bar is for terminals.
type bar struct {
	out io.Writer
	bar *progressbar.ProgressBar
}

func (b *bar) add(rows int) { b.bar.Add(rows) }

func (b *bar) say(sentence string) {
	b.bar.Clear()
	fmt.Fprintln(b.out, sentence)
}

func (b *bar) done() { b.bar.Finish() }

// plain is for logs: a line every few seconds.
type plain struct {
	out          io.Writer
	total, sofar int
	told         time.Time
}

const plainEvery = 5 * time.Second

func (p *plain) add(rows int) {
	p.sofar += rows
	if now := time.Now(); now.Sub(p.told) >= plainEvery {
		p.told = now
		p.say(fmt.Sprintf("%d of %d rows", p.sofar, p.total))
	}
}

func (p *plain) say(sentence string) { fmt.Fprintln(p.out, sentence) }

func (p *plain) done() { p.say(fmt.Sprintf("%d of %d rows", p.sofar, p.total)) }
