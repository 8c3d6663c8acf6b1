package rpc

import (
	"context"
	"encoding/base64"
	"errors"
	"sync"
)

// Taped is the record of one safe call: its answer, or the error.
type Taped struct {
	Answer  string `json:"a,omitempty"`
	Code    Code   `json:"c,omitempty"`
	Message string `json:"m,omitempty"`
	Reason  string `json:"r,omitempty"`
}

// Tape is what a page was drawn from, by the calls that were made.
type Tape map[string]Taped

func tapeKey(call Call) string {
	return call.Procedure + "?" + base64.RawURLEncoding.EncodeToString(call.Message)
}

// Recorder is a Transport that keeps the answers of safe calls on a tape.
type Recorder struct {
	Transport
	mutex sync.Mutex
	tape  Tape
}

// NewRecorder records what goes over transport.
func NewRecorder(transport Transport) *Recorder {
	return &Recorder{Transport: transport, tape: Tape{}}
}

// Unary implements Transport.
func (r *Recorder) Unary(ctx context.Context, call Call) ([]byte, error) {
	answer, err := r.Transport.Unary(ctx, call)
	if call.Safe {
		r.keep(call, answer, err)
	}
	return answer, err
}

func (r *Recorder) keep(call Call, answer []byte, err error) {
	taped := Taped{Answer: base64.RawStdEncoding.EncodeToString(answer)}
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return
		}
		taped = Taped{Code: e.Code, Reason: e.Reason}
		if e.forPeople() {
			taped.Message = e.Message
		}
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.tape[tapeKey(call)] = taped
}

// Tape returns what was recorded so far.
func (r *Recorder) Tape() Tape {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	tape := make(Tape, len(r.tape))
	for key, taped := range r.tape {
		tape[key] = taped
	}
	return tape
}

// Player is a Transport that answers from a tape until it is stopped.
type Player struct {
	Transport
	mutex sync.Mutex
	tape  Tape
}

// NewPlayer plays tape, then goes on over transport.
func NewPlayer(transport Transport, tape Tape) *Player {
	return &Player{Transport: transport, tape: tape}
}

// Stop throws the tape away: from now on answers are fresh.
func (p *Player) Stop() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.tape = nil
}

// Unary implements Transport.
func (p *Player) Unary(ctx context.Context, call Call) ([]byte, error) {
	if taped, ok := p.take(call); ok {
		if taped.Code != "" {
			return nil, &Error{Code: taped.Code, Message: taped.Message, Reason: taped.Reason}
		}
		if answer, err := base64.RawStdEncoding.DecodeString(taped.Answer); err == nil {
			return answer, nil
		}
	}
	return p.Transport.Unary(ctx, call)
}

func (p *Player) take(call Call) (Taped, bool) {
	if !call.Safe {
		return Taped{}, false
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	taped, ok := p.tape[tapeKey(call)]
	return taped, ok
}
