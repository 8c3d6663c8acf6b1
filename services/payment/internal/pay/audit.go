package pay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/kit/fault"
)

// Entry is a payment in a provider's own list.
type Entry struct {
	// Ours; empty when it is none of ours.
	Payment string
	Amount  money.Amount
	Report  Report
	Created time.Time
}

// Kind of a Discrepancy.
const (
	// The provider has gone on without our knowing. Asking puts it right.
	Behind = "behind"
	// The provider holds money of what was given up, or declined, here. It goes back.
	HeldAfterVoid    = "held_after_void"
	HeldAfterDecline = "held_after_decline"
	// We say more than the provider does: it waits for a person, as do the others.
	Ahead        = "ahead"
	OtherAmount  = "amount"
	MissingThere = "missing_there"
	MissingHere  = "missing_here"
)

// Discrepancy is a payment of which we and its provider say different things.
type Discrepancy struct {
	Provider, Payment, Reference string
	Kind                         string
	// What each says, for people.
	Ours, Theirs string
	Found        time.Time
	// Zero while it is so.
	Repaired, Ended time.Time
}

// AuditStore keeps what audits need.
type AuditStore interface {
	// Claim takes the audit on for a while when it is due and nobody has it.
	Claim(ctx context.Context, holder string, now, until time.Time) (bool, error)
	// Keep prolongs a claim, unless somebody else has it by now.
	Keep(ctx context.Context, holder string, until time.Time) (bool, error)
	// Done gives the claim back, and says when the next audit is due.
	Done(ctx context.Context, holder string, now, due time.Time) error
	// Between returns payments begun at a provider from a time on, in order, after
	// the one given.
	Between(ctx context.Context, provider string, from, to time.Time, after Payment, most int) ([]Payment, error)
	// Differ notes a discrepancy that is seen now, and tells whether it is new.
	Differ(ctx context.Context, d Discrepancy, now time.Time) (isNew bool, err error)
	// Agree ends the discrepancies of payments that were not seen since.
	Agree(ctx context.Context, provider string, payments []string, since, now time.Time) error
	// Open counts discrepancies that wait for a person.
	Open(ctx context.Context) (int, error)
	Discrepancies(ctx context.Context, all bool, before Discrepancy, most int) ([]Discrepancy, error)
}

// Auditor compares our payments with the providers' lists.
type Auditor struct {
	Desk  *Desk
	Store AuditStore
	// Who we are among those that share the work.
	Holder string
	// How far each audit looks back, and how long after one the next begins.
	Back, Every time.Duration
}

// Audited is what an audit came to.
type Audited struct {
	Compared int
	// New ones.
	Found []Discrepancy
	// Those that wait for a person, of all audits.
	Open int
}

const (
	// What is younger may still be on its way.
	auditAge = stragglers
	// One piece of the time that is looked at: what it holds is kept in memory.
	auditPiece = 6 * time.Hour
	// How much clocks differ, and how long a payment may take to arrive.
	auditSlack = time.Hour
	// A claim, prolonged with each piece.
	auditClaim = 15 * time.Minute
	auditPage  = 500
)

// Audit compares when it is due and nobody else does; done says whether it was.
// A provider that does not answer is left for the next time.
func (a *Auditor) Audit(ctx context.Context) (sum Audited, done bool, err error) {
	now := a.Desk.Clock.Now()
	mine, err := a.Store.Claim(ctx, a.Holder, now, now.Add(auditClaim))
	if err != nil || !mine {
		return sum, false, err
	}
	var errs []error
	for _, provider := range a.Desk.Providers {
		if err := a.audit(ctx, provider, now, &sum); err != nil {
			errs = append(errs, fmt.Errorf("compare with %s: %w", provider.Name(), err))
		}
	}
	end := a.Desk.Clock.Now()
	errs = append(errs, a.Store.Done(context.WithoutCancel(ctx), a.Holder, end, end.Add(a.Every)))
	sum.Open, err = a.Store.Open(ctx)
	return sum, true, errors.Join(append(errs, err)...)
}

var errTaken = errors.New("another instance has taken the audit over")

func (a *Auditor) audit(ctx context.Context, provider Provider, now time.Time, sum *Audited) error {
	to := now.Add(-auditAge)
	for from := now.Add(-a.Back); from.Before(to); from = from.Add(auditPiece) {
		if err := a.piece(ctx, provider, from, earlier(from.Add(auditPiece), to), sum); err != nil {
			return err
		}
		kept, err := a.Store.Keep(ctx, a.Holder, a.Desk.Clock.Now().Add(auditClaim))
		if err != nil {
			return err
		}
		if !kept {
			return errTaken
		}
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// piece compares what was begun in a piece of time.
func (a *Auditor) piece(ctx context.Context, provider Provider, from, to time.Time, sum *Audited) error {
	began := a.Desk.Clock.Now()
	theirs, err := collect(provider.List(ctx, from.Add(-auditSlack), to.Add(auditSlack)))
	if err != nil {
		return err
	}
	var compared []string
	note := func(own Payment, e Entry, kind string) error {
		return a.note(ctx, provider, own, e, kind, sum)
	}
	for own, err := range a.ours(ctx, provider.Name(), from, to) {
		if err != nil {
			return err
		}
		compared = append(compared, own.ID)
		e, known := theirs[own.ID]
		delete(theirs, own.ID)
		if !known {
			if e, known, err = a.find(ctx, provider, own); err != nil {
				return err
			}
		}
		if err := note(own, e, compare(own, e, known)); err != nil {
			return err
		}
	}
	// What is left was begun at another time, or is not known here.
	for id, e := range theirs {
		if e.Created.Before(from) || !e.Created.Before(to) {
			continue
		}
		compared = append(compared, id)
		own, err := a.Desk.Store.Payment(ctx, id)
		kind := MissingHere
		switch {
		case err == nil && own.Provider == provider.Name():
			kind = compare(own, e, true)
		case err != nil && fault.KindOf(err) != fault.NotFound:
			return err
		}
		if err := note(own, e, kind); err != nil {
			return err
		}
	}
	sum.Compared += len(compared)
	return a.Store.Agree(ctx, provider.Name(), compared, began, a.Desk.Clock.Now())
}

func collect(list iter.Seq2[Entry, error]) (map[string]Entry, error) {
	all := map[string]Entry{}
	for e, err := range list {
		if err != nil {
			return nil, err
		}
		if e.Payment != "" {
			all[e.Payment] = e
		}
	}
	return all, nil
}

func (a *Auditor) ours(ctx context.Context, provider string, from, to time.Time) iter.Seq2[Payment, error] {
	return func(yield func(Payment, error) bool) {
		var last Payment
		for {
			page, err := a.Store.Between(ctx, provider, from, to, last, auditPage)
			if err != nil {
				yield(Payment{}, err)
				return
			}
			for _, last = range page {
				if !yield(last, nil) {
					return
				}
			}
			if len(page) < auditPage {
				return
			}
		}
	}
}

// find asks for a payment that should be in the provider's list and is not: it may
// have been begun there much later than here.
func (a *Auditor) find(ctx context.Context, provider Provider, own Payment) (e Entry, known bool, err error) {
	if own.State != Authorized && own.State != Captured && own.State != Refunded {
		return e, true, nil // nobody says that there is anything
	}
	report, err := a.Desk.within(ctx, func(ctx context.Context) (Report, error) { return provider.Find(ctx, own) })
	if errors.Is(err, ErrUnknown) {
		return e, false, nil
	}
	return Entry{Payment: own.ID, Amount: own.Amount, Report: report}, err == nil, err
}

// compare says how a payment differs from what its provider says, or nothing.
func compare(own Payment, e Entry, known bool) string {
	ours := Report{State: own.State, Captured: own.Captured, Refunded: own.Refunded}
	theirs := e.Report
	held := theirs.State == Authorized || theirs.State == Action || theirs.State == Captured && theirs.Refunded < theirs.Captured
	switch {
	case !known:
		return MissingThere
	case theirs.State == "":
		return ""
	case own.State == Voided:
		if held && own.Settled {
			return HeldAfterVoid
		}
		return "" // what is not settled is being seen to
	case e.Amount != own.Amount:
		return OtherAmount
	case own.State == Declined:
		if held && theirs.State != Action {
			return HeldAfterDecline
		}
		return ""
	case rank[theirs.State] > rank[ours.State] || theirs.Captured > ours.Captured || theirs.Refunded > ours.Refunded:
		return Behind
	case rank[theirs.State] < rank[ours.State] || theirs.Captured < ours.Captured || theirs.Refunded < ours.Refunded:
		return Ahead
	}
	return ""
}

// note keeps a discrepancy and puts right what is safe to put right.
func (a *Auditor) note(ctx context.Context, provider Provider, own Payment, e Entry, kind string, sum *Audited) error {
	if kind == "" {
		return nil
	}
	if kind != MissingHere && kind != MissingThere {
		// Since the list was made, either may have gone on: ours is read first, so
		// that it is never ahead only because of that.
		var err error
		if own, err = a.Desk.Store.Payment(ctx, own.ID); err != nil {
			return err
		}
		if e.Report, err = a.Desk.within(ctx, func(ctx context.Context) (Report, error) { return provider.Find(ctx, own) }); err != nil {
			return err
		}
		if kind = compare(own, e, true); kind == "" {
			return nil
		}
	}
	now := a.Desk.Clock.Now()
	d := Discrepancy{
		Provider: provider.Name(), Payment: orDefault(own.ID, e.Payment), Reference: orDefault(e.Report.Reference, own.Reference), Kind: kind,
		Ours: say(Report{State: own.State, Captured: own.Captured, Refunded: own.Refunded}, own.Amount), Theirs: say(e.Report, e.Amount), Found: now,
	}
	if a.repair(ctx, own, kind) {
		d.Repaired = a.Desk.Clock.Now()
	}
	isNew, err := a.Store.Differ(ctx, d, now)
	if isNew {
		sum.Found = append(sum.Found, d)
	}
	return err
}

// repair tells whether a payment was put right. What was not is tried next time.
func (a *Auditor) repair(ctx context.Context, own Payment, kind string) bool {
	switch kind {
	case Behind:
		p, err := a.Desk.Sync(ctx, own.ID)
		return err == nil && (p.State != own.State || p.Captured != own.Captured || p.Refunded != own.Refunded)
	case HeldAfterVoid, HeldAfterDecline:
		p, err := a.Desk.letGo(ctx, own.ID)
		return err == nil && p.Settled
	}
	return false
}

// letGo has the provider let go of what it holds for a payment that ended here.
func (d *Desk) letGo(ctx context.Context, id string) (Payment, error) {
	p, err := d.Store.Change(ctx, id, func(p *Payment) (bool, error) {
		before := p.State
		if p.State == Declined {
			p.State = Voided
		}
		if p.State == Voided {
			p.Settled, p.Tries = false, 0
			p.check(d.Clock.Now())
		}
		return p.State != before, nil
	})
	if err != nil || p.State != Voided {
		return p, err
	}
	return d.settleVoid(ctx, p, Report{})
}

func say(r Report, amount money.Amount) string {
	if r.State == "" {
		return "nothing"
	}
	of := func(minor int64) string { return money.Of(amount.Currency, minor).String() }
	return fmt.Sprintf("%s of %s, captured %s, refunded %s", r.State, amount, of(r.Captured), of(r.Refunded))
}
