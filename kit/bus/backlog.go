package bus

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Backlog is what a consumer has not done.
type Backlog struct {
	// A relay's is named "<source> relay".
	Consumer string
	// Events that it has not handled yet, those under way included.
	Waiting int
	// Events that it has given up on.
	Dead int
}

// mostDead bounds how many dead letters are counted.
const mostDead = 1000

// Backlog tells what durable consumers have not done.
func (b *Bus) Backlog(ctx context.Context) ([]Backlog, error) {
	s, err := b.js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("backlog: %w", err)
	}
	all := map[string]Backlog{}
	consumers := s.ListConsumers(ctx)
	for c := range consumers.Info() {
		if c.Config.Durable != "" {
			all[c.Name] = Backlog{Consumer: c.Name, Waiting: int(c.NumPending) + c.NumAckPending}
		}
	}
	if err := consumers.Err(); err != nil {
		return nil, fmt.Errorf("backlog: %w", err)
	}
	letters, err := b.DeadLetters(ctx, 0, mostDead)
	if err != nil {
		return nil, err
	}
	for _, l := range letters {
		who := cmp.Or(l.Consumer, l.Delivery.Source+" relay")
		own := all[who]
		own.Consumer = who
		own.Dead++
		all[who] = own
	}
	var sorted []Backlog
	for _, own := range all {
		sorted = append(sorted, own)
	}
	slices.SortFunc(sorted, func(a, b Backlog) int { return cmp.Compare(a.Consumer, b.Consumer) })
	return sorted, nil
}
