package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/souk-commerce/souk/kit/chaos"
)

// weather runs the shop as a process of its own in which things go wrong, and
// opens it again whenever it dies of that.
func (c *devCmd) weather(ctx context.Context) error {
	journal := filepath.Join(c.DataDir, "chaos")
	settings := fmt.Sprintf("gap=200,youth=20s,%s,journal=%s", c.Chaos, journal)
	if _, _, err := chaos.Parse(settings); err != nil {
		return err
	}
	if err := os.MkdirAll(c.DataDir, 0o755); err != nil { // for the journal
		return unwritable(c.DataDir, err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for {
		killed, err := live(ctx, self, settings)
		if err != nil || !killed || ctx.Err() != nil {
			c.toll(journal)
			return err
		}
		fmt.Println("\nThe shop has died, on purpose. It opens again.")
	}
}

// live runs the shop once, and tells whether it was killed.
func live(ctx context.Context, self, settings string) (killed bool, err error) {
	shop := exec.CommandContext(ctx, self, os.Args[1:]...)
	shop.Env = append(os.Environ(), "SOUK_CHAOS="+settings)
	shop.Stdout, shop.Stderr = os.Stdout, os.Stderr
	// Ctrl-C in the terminal is for us, who pass it on, once.
	shop.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	shop.Cancel = func() error { return shop.Process.Signal(os.Interrupt) }
	shop.WaitDelay = time.Minute
	err = shop.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status, ok := exit.Sys().(syscall.WaitStatus)
		if ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
			return true, nil
		}
		return false, errors.New("the shop has ended: " + exit.Error())
	}
	if ctx.Err() != nil {
		return false, nil
	}
	return false, err
}

// toll says what went wrong.
func (c *devCmd) toll(journal string) {
	counts, err := chaos.Counts(journal)
	if err != nil {
		return
	}
	points, by := 0, map[chaos.Fault]int{}
	for _, p := range counts {
		if p.Faults > 0 {
			points++
		}
		for fault, n := range p.By {
			by[fault] += n
		}
	}
	fmt.Printf("What went wrong at %d of %d points: died %d times, %d answers lost, %d delays, %d things came twice. %s has all.\nWhether anything is wrong because of it: souk check --data-dir %s\n",
		points, len(counts), by[chaos.Die], by[chaos.Lose], by[chaos.Delay], by[chaos.Twice], journal, c.DataDir)
}
