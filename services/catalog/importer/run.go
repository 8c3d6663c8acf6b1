package importer

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
)

// Options is what an import needs.
type Options struct {
	// Name of a built-in mapping, or a file.
	Mapping string
	// The mapping itself, instead.
	MappingFrom io.Reader
	// A .csv, .tsv or .jsonl file, gzipped or not.
	Data string
	// Where rows go that could not be taken; Data + ".rejects.csv", or .jsonl as
	// Data is, when empty.
	Rejects string
	// Of prices that name none; USD when empty.
	Currency string
	// Where stock goes when the mapping names no location; the inventory's own when empty.
	Location string
	// Where progress is shown: a bar on a terminal, else a line now and then. May be nil.
	Progress io.Writer

	Products catalogv1connect.ProductAdminServiceClient
	// May be nil: then stock is left alone.
	Stock inventoryv1connect.StockAdminServiceClient
}

// Summary is what became of an import.
type Summary struct {
	Rows int
	// Rows that are in the shop now.
	Imported int
	Rejected int
	// Products, by what happened to them.
	Created, Updated, Unchanged int
	Variants                    int
	// Levels, by what happened to them. Why some were refused is told as progress.
	StockChanged, StockUnchanged, StockRefused int
	// Where the rejected rows are, when there are any.
	Rejects string
	Took    time.Duration
}

// String tells the summary in a few lines.
func (s Summary) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d rows in %s: %d imported, %d rejected\n", s.Rows, s.Took.Round(10*time.Millisecond), s.Imported, s.Rejected)
	fmt.Fprintf(&out, "%d products with %d variants: %d new, %d changed, %d unchanged\n", s.Created+s.Updated+s.Unchanged, s.Variants, s.Created, s.Updated, s.Unchanged)
	if s.StockChanged+s.StockUnchanged+s.StockRefused > 0 {
		fmt.Fprintf(&out, "%d stock levels set, %d unchanged, %d refused\n", s.StockChanged, s.StockUnchanged, s.StockRefused)
	}
	if s.Rejected > 0 {
		fmt.Fprintf(&out, "rejected rows with their reasons: %s\n", s.Rejects)
	}
	return out.String()
}

// ErrStopped is returned when ctx ended before the file did.
var ErrStopped = errors.New("the import was stopped before its end; the same import again finishes it")

// Run imports a file. An error means that the import could not go on; what the
// summary counts was imported all the same, and running it again finishes it.
func Run(ctx context.Context, o Options) (Summary, error) {
	began := time.Now()
	r := &run{options: o}
	err := r.all(ctx)
	if err != nil && ctx.Err() != nil {
		err = ErrStopped
	}
	r.summary.Took = time.Since(began)
	return r.summary, err
}

// run is one import under way.
type run struct {
	options  Options
	mapping  *Mapping
	rejects  *rejects
	progress progress
	seed     maphash.Seed
	summary  Summary
}

func (r *run) all(ctx context.Context) (err error) {
	if r.mapping, err = r.readMapping(); err != nil {
		return err
	}
	r.seed = maphash.MakeSeed()
	left, total, header, err := r.count(ctx)
	if err != nil {
		return err
	}
	if header != nil {
		if err := r.mapping.fits(header); err != nil {
			return err
		}
	}
	r.summary.Rejects = or(r.options.Rejects, rejectsPath(r.options.Data, header != nil))
	if r.rejects, err = newRejects(r.summary.Rejects, r.options.Data, r.mapping, header); err != nil {
		return err
	}
	r.progress = newProgress(r.options.Progress, total)
	err = r.read(ctx, left)
	r.progress.done()
	return errors.Join(err, r.rejects.close())
}

func (r *run) readMapping() (*Mapping, error) {
	if r.options.MappingFrom != nil {
		return ParseMapping(r.options.MappingFrom)
	}
	return LoadMapping(r.options.Mapping)
}

// count is the first reading: how many rows each key has, by its hash, and how
// many rows there are in all.
func (r *run) count(ctx context.Context) (left map[uint64]int, total int, header []string, err error) {
	all, err := openRecords(r.options.Data, r.mapping)
	if err != nil {
		return nil, 0, nil, err
	}
	defer all.Close()
	left = map[uint64]int{}
	for ctx.Err() == nil {
		record, err := all.Next()
		if err == io.EOF {
			return left, total, all.Header(), nil
		}
		total++
		var bad *badRow
		if errors.As(err, &bad) {
			continue
		}
		if err != nil {
			return nil, 0, nil, fmt.Errorf("%s: %w", r.options.Data, err)
		}
		if key, err := r.mapping.keyOf(record); err == nil {
			left[r.hash(key)]++
		}
	}
	return nil, 0, nil, ctx.Err()
}

func (r *run) hash(key string) uint64 { return maphash.String(r.seed, strings.ToLower(key)) }

// sendSize is how many products are sent before their results are waited for.
const sendSize = 200

// read is the second reading: it builds each product when its last row is there.
func (r *run) read(ctx context.Context, left map[uint64]int) error {
	all, err := openRecords(r.options.Data, r.mapping)
	if err != nil {
		return err
	}
	defer all.Close()
	open := map[string]*group{}
	s := &sender{run: r}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		record, err := all.Next()
		if err == io.EOF {
			break
		}
		r.summary.Rows++
		var bad *badRow
		switch {
		case errors.As(err, &bad):
			r.reject(*bad)
			continue
		case err != nil:
			return fmt.Errorf("%s: %w", r.options.Data, err)
		}
		if g := r.take(open, left, record); g != nil {
			if err := r.finish(ctx, s, g); err != nil {
				return err
			}
		}
	}
	// Every group was finished by its last row; what is left would be a file
	// that changed while it was read.
	for _, key := range slices.Sorted(maps.Keys(open)) {
		if err := r.finish(ctx, s, open[key]); err != nil {
			return err
		}
	}
	return s.flush(ctx)
}

// group is the rows of one product so far.
type group struct {
	key   string
	parts []*part
}

// take adds a row to its group and returns the group when it is complete.
func (r *run) take(open map[string]*group, left map[uint64]int, record row) *group {
	key, err := r.mapping.keyOf(record)
	if err != nil {
		r.reject(badRow{record, err.Error()})
		return nil
	}
	folded := strings.ToLower(key)
	g := open[folded]
	if g == nil {
		g = &group{key: key}
		open[folded] = g
	}
	p, err := r.mapping.partOf(record, or(r.options.Currency, "USD"))
	if err != nil {
		r.reject(badRow{record, err.Error()})
	} else {
		g.parts = append(g.parts, p)
	}
	hash := r.hash(key)
	if left[hash]--; left[hash] > 0 {
		return nil
	}
	delete(open, folded)
	delete(left, hash)
	return g
}

func (r *run) finish(ctx context.Context, s *sender, g *group) error {
	if len(g.parts) == 0 {
		return nil
	}
	drafts, refused := r.mapping.merge(g.key, g.parts)
	for _, bad := range refused {
		r.reject(bad)
	}
	for _, d := range drafts {
		if err := s.add(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) reject(bad badRow) {
	r.summary.Rejected++
	r.rejects.add(bad)
	r.progress.add(1)
}
