package goods

import "context"

// Bulk takes offers one after the other as upserts and says what became of
// each. A bad one does not stop the others; only the end of ctx stops them all.
func (d *Desk) Bulk(ctx context.Context, offers []Offer) ([]Outcome, error) {
	outcomes := make([]Outcome, len(offers))
	var batch []Offer
	var at []int // where the outcomes of batch belong
	var taken names
	flush := func() error {
		done, err := d.together(ctx, batch)
		if err != nil {
			return err
		}
		for i, o := range done {
			outcomes[at[i]] = o
		}
		batch, at, taken = nil, nil, nil
		return nil
	}
	for i, o := range offers {
		o = o.tidy()
		o.Plan = Upsert
		if err := o.check(); err != nil {
			outcomes[i] = Outcome{Reference: o.Reference, Err: err}
			continue
		}
		// Offers of one batch do not see each other: one that names the same
		// product waits for the next.
		if taken.any(o.Product) {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		taken.add(o.Product)
		batch, at = append(batch, o), append(at, i)
	}
	if err := flush(); err != nil {
		return nil, err
	}
	return outcomes, nil
}

// together writes a batch in one transaction; when that fails as a whole, each
// by itself, so that the fault is its own.
func (d *Desk) together(ctx context.Context, batch []Offer) ([]Outcome, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	outcomes, err := d.store.WriteAll(ctx, batch, d.clock.Now())
	if err == nil {
		return outcomes, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if len(batch) == 1 {
		return []Outcome{{Reference: batch[0].Reference, Err: err}}, nil
	}
	outcomes = nil
	for i := range batch {
		one, err := d.together(ctx, batch[i:i+1])
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, one...)
	}
	return outcomes, nil
}

// names are what tells products apart.
type names map[string]bool

func (n names) any(p Product) bool {
	for _, name := range namesOf(p) {
		if n[name] {
			return true
		}
	}
	return false
}

func (n *names) add(p Product) {
	if *n == nil {
		*n = names{}
	}
	for _, name := range namesOf(p) {
		(*n)[name] = true
	}
}

func namesOf(p Product) []string {
	var all []string
	if p.ExternalID != "" {
		all = append(all, "external "+p.ExternalID)
	}
	if p.Slug != "" {
		all = append(all, "slug "+p.Slug)
	}
	for _, sku := range p.SKUs() {
		all = append(all, "sku "+string(sku))
	}
	return all
}
