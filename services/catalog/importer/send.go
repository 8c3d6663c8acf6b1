package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"connectrpc.com/connect"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
)

// sender gathers drafts, sends them, and then the stock of those that were taken.
type sender struct {
	run    *run
	drafts []draft
}

func (s *sender) add(ctx context.Context, d draft) error {
	d.request.Reference = int64(len(s.drafts))
	if s.drafts = append(s.drafts, d); len(s.drafts) < sendSize {
		return nil
	}
	return s.flush(ctx)
}

func (s *sender) flush(ctx context.Context) error {
	if len(s.drafts) == 0 {
		return nil
	}
	failed, err := s.upsert(ctx)
	if err != nil {
		return err
	}
	var stock []stockLine
	sum := &s.run.summary
	for i, d := range s.drafts {
		if why, bad := failed[i]; bad {
			for _, r := range d.rows {
				s.run.reject(badRow{r, why})
			}
			for _, r := range d.more { // a part of it was taken, or refused, elsewhere
				s.run.rejects.add(badRow{r, why})
				s.run.progress.say(fmt.Sprintf("of line %d a part was refused: %s", r.line, why))
			}
			continue
		}
		sum.Imported += len(d.rows)
		sum.Variants += len(d.request.GetProduct().GetVariants())
		s.run.progress.add(len(d.rows))
		stock = append(stock, d.stock...)
	}
	s.drafts = nil
	return s.levels(ctx, stock)
}

// upsert sends the drafts and returns why some failed. One that failed and wants
// an address is sent again without: somebody else may have it, and that is no
// reason to lose a product.
func (s *sender) upsert(ctx context.Context) (failed map[int]string, err error) {
	all := make([]int, len(s.drafts))
	for i := range all {
		all[i] = i
	}
	if failed, err = s.upsertSome(ctx, all); err != nil {
		return nil, err
	}
	var second []int
	for i := range failed {
		if p := s.drafts[i].request.GetProduct(); p.GetSlug() != "" {
			p.Slug = ""
			second = append(second, i)
		}
	}
	if len(second) == 0 {
		return failed, nil
	}
	slices.Sort(second)
	stillFailed, err := s.upsertSome(ctx, second)
	for _, i := range second {
		if _, bad := stillFailed[i]; !bad {
			delete(failed, i)
		}
	}
	return failed, err
}

func (s *sender) upsertSome(ctx context.Context, which []int) (failed map[int]string, err error) {
	resp, err := again(ctx, func() (*catalogv1.BulkUpsertProductsResponse, error) { return s.products(ctx, which) })
	if err != nil {
		return nil, fmt.Errorf("send products: %w", err)
	}
	sum := &s.run.summary
	sum.Created, sum.Updated, sum.Unchanged = sum.Created+int(resp.GetCreated()), sum.Updated+int(resp.GetUpdated()), sum.Unchanged+int(resp.GetUnchanged())
	failed = map[int]string{}
	for _, i := range which {
		failed[i] = "the shop did not say what became of this product"
	}
	for _, result := range resp.GetResults() {
		i := int(result.GetReference())
		if result.GetError() == "" {
			delete(failed, i)
		} else if _, ours := failed[i]; ours {
			failed[i] = result.GetError()
		}
	}
	return failed, nil
}

func (s *sender) products(ctx context.Context, which []int) (*catalogv1.BulkUpsertProductsResponse, error) {
	stream, err := s.run.options.Products.BulkUpsertProducts(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range which {
		if err := stream.Send(s.drafts[i].request); err != nil {
			if errors.Is(err, io.EOF) {
				break // the answer says why
			}
			return nil, err
		}
	}
	return stream.CloseAndReceive()
}

// levels sets the stock. A level that is refused does not undo its product: it
// is told, and the next import tries again.
func (s *sender) levels(ctx context.Context, stock []stockLine) error {
	if len(stock) == 0 || s.run.options.Stock == nil {
		return nil
	}
	resp, err := again(ctx, func() (*inventoryv1.BulkSetStockResponse, error) { return s.stock(ctx, stock) })
	if err != nil {
		return fmt.Errorf("send stock: %w", err)
	}
	sum := &s.run.summary
	sum.StockChanged, sum.StockUnchanged = sum.StockChanged+int(resp.GetChanged()), sum.StockUnchanged+int(resp.GetUnchanged())
	sum.StockRefused += len(resp.GetFailed())
	for _, f := range resp.GetFailed() {
		if i := f.GetReference(); i >= 0 && i < int64(len(stock)) {
			s.run.progress.say(fmt.Sprintf("stock of %s was not set: %s", stock[i].sku, f.GetError()))
		}
	}
	return nil
}

func (s *sender) stock(ctx context.Context, stock []stockLine) (*inventoryv1.BulkSetStockResponse, error) {
	stream, err := s.run.options.Stock.BulkSetStock(ctx)
	if err != nil {
		return nil, err
	}
	for i, l := range stock {
		if err := stream.Send(&inventoryv1.BulkSetStockRequest{
			Sku: l.sku, Location: or(l.location, s.run.options.Location), OnHand: l.units, Reference: int64(i),
			Backorder: l.backorder, Reason: "import of " + shorten(filepath.Base(s.run.options.Data), 200),
		}); err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return nil, err
		}
	}
	return stream.CloseAndReceive()
}

// again tries a few times what may go better a moment later. Everything that is
// sent is an upsert, so sending it twice does no harm.
func again[T any](ctx context.Context, f func() (T, error)) (T, error) {
	wait := 200 * time.Millisecond
	for tries := 1; ; tries++ {
		result, err := f()
		code := connect.CodeOf(err)
		if err == nil || tries == 5 || code != connect.CodeUnavailable && code != connect.CodeAborted && code != connect.CodeResourceExhausted {
			return result, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return result, ctx.Err()
		}
		wait *= 2
	}
}
