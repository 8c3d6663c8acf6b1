package quick

import (
	"errors"
	"net"
	"sync"
	"time"
)

// Answerer answers what is in memory.
type Answerer interface {
	// Answer appends a whole answer, or returns false when it is for net/http. Large
	// bodies may be returned beside it, to be sent behind; they are not changed.
	Answer(to []byte, q *Question) (answer, body []byte, ok bool)
}

// Question is a plain request. Its bytes are good until it is answered.
type Question struct {
	request
	// Client is the address of who asks.
	Client string
	// Memo is for the answerer, one for each connection.
	Memo any
}

// Head tells whether only the header is asked for.
func (q *Question) Head() bool { return q.head }

// Target is the path with its query; Host, Cookie, AcceptEncoding, IfNoneMatch,
// ForwardedFor and ForwardedProto are what the fields say.
func (q *Question) Target() []byte         { return q.target }
func (q *Question) Host() []byte           { return q.host }
func (q *Question) Cookie() []byte         { return q.cookie }
func (q *Question) AcceptEncoding() []byte { return q.accept }
func (q *Question) IfNoneMatch() []byte    { return q.match }
func (q *Question) ForwardedFor() []byte   { return q.forwarded }
func (q *Question) ForwardedProto() []byte { return q.proto }

const (
	// A request that has begun is to be there soon; the next one may take a while.
	headTime = 10 * time.Second
	idleTime = 2 * time.Minute
	// How often deadlines are moved.
	deadlineStep = 10 * time.Second
	// How long it may take to send an answer; and when we close.
	writeTime = time.Minute
	closeTime = 5 * time.Second
)

// Listener gives net/http the connections on which something else than plain questions
// was asked. It implements net.Listener.
type Listener struct {
	net.Listener
	answerer Answerer
	handed   chan net.Conn
	closed   chan struct{}

	mu      sync.Mutex
	open    map[net.Conn]bool
	closing bool
	serving sync.WaitGroup
}

// Listen answers on the connections of a listener.
func Listen(l net.Listener, a Answerer) *Listener {
	q := &Listener{Listener: l, answerer: a, handed: make(chan net.Conn), closed: make(chan struct{}), open: map[net.Conn]bool{}}
	q.serving.Go(q.accept)
	return q
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.handed:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close stops listening, and ends connections on which nothing is being answered.
func (l *Listener) Close() error {
	l.mu.Lock()
	if l.closing {
		l.mu.Unlock()
		return nil
	}
	l.closing = true
	close(l.closed)
	for c := range l.open {
		_ = c.SetReadDeadline(time.Unix(1, 0)) // who waits for a question wakes up
		_ = c.SetWriteDeadline(time.Now().Add(closeTime))
	}
	l.mu.Unlock()
	err := l.Listener.Close()
	l.serving.Wait()
	return err
}

func (l *Listener) accept() {
	for {
		c, err := l.Listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // too many files, say
			select {
			case <-time.After(50 * time.Millisecond):
				continue
			case <-l.closed:
				return
			}
		}
		l.mu.Lock()
		if l.closing {
			l.mu.Unlock()
			c.Close()
			return
		}
		l.open[c] = true
		l.mu.Unlock()
		l.serving.Go(func() { l.serve(c) })
	}
}

func (l *Listener) forget(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, c)
}

// space is what a connection reads into and writes from.
type space struct{ in, out []byte }

var spaces = sync.Pool{New: func() any { return &space{make([]byte, mostHead), make([]byte, 0, mostHead)} }}

func (l *Listener) serve(c net.Conn) {
	s := spaces.Get().(*space)
	rest, ok := l.converse(c, s)
	l.forget(c)
	if !ok {
		spaces.Put(s)
		c.Close()
		return
	}
	// Deadlines are net/http's now.
	_ = c.SetDeadline(time.Time{})
	handed := &conn{Conn: c, unread: append([]byte(nil), rest...)}
	spaces.Put(s)
	select {
	case l.handed <- handed:
	case <-l.closed:
		c.Close()
	}
}

// converse answers until something is asked for that is not for us; then it returns
// what was read of that.
func (l *Listener) converse(c net.Conn, s *space) (rest []byte, ok bool) {
	client, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		client = c.RemoteAddr().String()
	}
	q := Question{Client: client}
	var until time.Time
	begun, answered := false, false
	from, to := 0, 0
	for {
		v, length := verdict(more), 0
		if to > from {
			v, length = parse(s.in[from:to], &q.request)
		}
		switch v {
		case other:
			return s.in[from:to], true
		case plain:
			answer, body, ok := l.answerer.Answer(s.out[:0], &q)
			if !ok {
				return s.in[from:to], true
			}
			if !write(c, answer, body) {
				return nil, false
			}
			answered = true
			if s.out = answer; cap(s.out) > 4*mostHead {
				s.out = make([]byte, 0, mostHead)
			}
			if from += length; from == to {
				from, to = 0, 0
			}
			continue
		}
		if from > 0 {
			to = copy(s.in, s.in[from:to])
			from = 0
		}
		switch now := time.Now(); {
		case to > 0 && !begun: // all of it within a time
			begun = true
			until = now.Add(headTime)
			if !l.wait(c, until) {
				return nil, false
			}
		case to == 0 && (begun || until.Sub(now) < idleTime-deadlineStep):
			begun = false
			until = now.Add(idleTime)
			if !l.wait(c, until) {
				return nil, false
			}
		}
		n, err := c.Read(s.in[to:])
		if to += n; err != nil {
			// net/http says what is wrong with half a request; to a few bytes behind an
			// answer nothing, as it does itself.
			return s.in[from:to], to > from && (!answered || to-from >= 4)
		}
	}
}

// wait sets until when the next bytes have to be there; false when nobody waits any more.
func (l *Listener) wait(c net.Conn, until time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.closing && c.SetReadDeadline(until) == nil && c.SetWriteDeadline(until.Add(writeTime)) == nil
}

func write(c net.Conn, answer, body []byte) bool {
	if len(body) == 0 {
		_, err := c.Write(answer)
		return err == nil
	}
	parts := net.Buffers{answer, body}
	_, err := parts.WriteTo(c)
	return err == nil
}

// conn is a connection of which something was read already.
type conn struct {
	net.Conn
	unread []byte
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	if len(c.unread) > 0 {
		n := copy(b, c.unread)
		if c.unread = c.unread[n:]; len(c.unread) == 0 {
			c.unread = nil
		}
		return n, nil
	}
	return c.Conn.Read(b)
}
