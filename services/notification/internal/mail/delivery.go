package mail

import (
	"errors"
	"time"
)

// State is what became of a delivery.
type State string

// The states.
const (
	Queued State = "queued"
	Sent   State = "sent"
	Failed State = "failed"
)

// Delivery is a letter on its way.
type Delivery struct {
	ID        string
	Recipient string
	Template  Template
	Subject   string
	Letter    Letter
	State     State
	// How often it was tried, the try that is going on included.
	Attempts  int
	LastError string
	Created   time.Time
	// Zero until it is sent.
	Sent time.Time
	// When it is tried next; while it is being tried, when others may.
	Due time.Time
}

// waits lie between tries. Mail servers are back within minutes, or somebody has
// to repair them, which may take a night.
var waits = []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 8 * time.Hour}

// MostAttempts is how often a letter is tried.
const MostAttempts = 8

// settle notes how a try ended.
func (d *Delivery) settle(now time.Time, err error) {
	if err == nil {
		d.State, d.Sent, d.LastError = Sent, now, ""
		return
	}
	d.LastError = plain(err.Error())
	if errors.Is(err, ErrRefused) || d.Attempts >= MostAttempts {
		d.State = Failed
		return
	}
	d.Due = now.Add(waits[min(max(d.Attempts, 1), len(waits))-1])
}
