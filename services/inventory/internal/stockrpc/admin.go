package stockrpc

import (
	"cmp"
	"context"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	pb "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
)

type admin struct{ desk *stock.Desk }

// AdjustStock implements StockAdminService.
func (s admin) AdjustStock(ctx context.Context, req *pb.AdjustStockRequest) (*pb.AdjustStockResponse, error) {
	i, l, err := s.desk.Adjust(ctx, stock.Adjust{
		SKU: stock.SKU(req.GetSku()), Location: stock.Location(req.GetLocation()), Kind: toKind(req.GetKind()),
		Units: req.GetUnits(), Reason: req.GetReason(), Actor: actor(ctx),
	})
	if err != nil {
		return nil, err
	}
	return &pb.AdjustStockResponse{Level: fromLevel(i, l)}, nil
}

// SetStock implements StockAdminService.
func (s admin) SetStock(ctx context.Context, req *pb.SetStockRequest) (*pb.SetStockResponse, error) {
	i, l, err := s.desk.Count(ctx, stock.Count{
		SKU: stock.SKU(req.GetSku()), Location: stock.Location(req.GetLocation()), OnHand: req.GetOnHand(), Reason: req.GetReason(), Actor: actor(ctx),
	})
	if err != nil {
		return nil, err
	}
	return &pb.SetStockResponse{Level: fromLevel(i, l)}, nil
}

// batchSize is how many counts share a transaction.
const batchSize = 200

// BulkSetStock implements StockAdminService.
func (s admin) BulkSetStock(ctx context.Context, stream *connect.ClientStream[pb.BulkSetStockRequest]) (*pb.BulkSetStockResponse, error) {
	b := bulk{desk: s.desk, resp: &pb.BulkSetStockResponse{}}
	for stream.Receive() {
		if err := b.take(ctx, stream.Msg()); err != nil {
			return nil, err
		}
	}
	if err := stream.Err(); err != nil {
		return nil, err
	}
	return b.resp, b.flush(ctx)
}

// bulk gathers counts and writes down what became of them.
type bulk struct {
	desk       *stock.Desk
	resp       *pb.BulkSetStockResponse
	counts     []*stock.Count
	references []int64
}

func (b *bulk) take(ctx context.Context, req *pb.BulkSetStockRequest) error {
	if err := rpc.Validate(req); err != nil {
		b.fail(req.GetReference(), err)
		return nil
	}
	b.counts = append(b.counts, &stock.Count{
		SKU: stock.SKU(req.GetSku()), Location: stock.Location(req.GetLocation()), OnHand: req.GetOnHand(), Backorder: toBackorder(req.GetBackorder()),
		Reason: req.GetReason(), Actor: actor(ctx),
	})
	b.references = append(b.references, req.GetReference())
	if len(b.counts) < batchSize {
		return nil
	}
	return b.flush(ctx)
}

func (b *bulk) flush(ctx context.Context) error {
	results, err := b.desk.CountMany(ctx, b.counts)
	if err != nil {
		return err
	}
	for n, err := range results {
		switch {
		case err != nil:
			b.fail(b.references[n], err)
		case b.counts[n].Changed:
			b.resp.Changed++
		default:
			b.resp.Unchanged++
		}
	}
	b.counts, b.references = nil, nil
	return nil
}

func (b *bulk) fail(reference int64, err error) {
	sentence := err.Error()
	if f, ok := fault.As(err); ok {
		sentence = f.Sentence
		for _, field := range f.Fields {
			sentence += " " + field.Path + ": " + field.Sentence
		}
	}
	b.resp.Failed = append(b.resp.Failed, &pb.BulkStockResult{Reference: reference, Error: sentence})
}

// SetBackorder implements StockAdminService.
func (s admin) SetBackorder(ctx context.Context, req *pb.SetBackorderRequest) (*pb.SetBackorderResponse, error) {
	if err := s.desk.Backorder(ctx, stock.AllowBackorder{SKU: stock.SKU(req.GetSku()), Allow: req.GetBackorder(), Expected: toTime(req.GetExpectedTime())}); err != nil {
		return nil, err
	}
	return &pb.SetBackorderResponse{}, nil
}

const defaultPage = 100

// ListLevels implements StockAdminService.
func (s admin) ListLevels(ctx context.Context, req *pb.ListLevelsRequest) (*pb.ListLevelsResponse, error) {
	var after stock.SKU
	if req.GetPageToken() != "" {
		if err := fromToken(req.GetPageToken(), &after); err != nil {
			return nil, err
		}
	}
	skus := make([]stock.SKU, len(req.GetSkus()))
	for n, sku := range req.GetSkus() {
		skus[n] = stock.SKU(sku)
	}
	most := int(cmp.Or(req.GetPageSize(), defaultPage))
	items, err := s.desk.Levels(ctx, skus, after, most)
	if err != nil {
		return nil, err
	}
	resp := &pb.ListLevelsResponse{}
	for _, i := range items {
		for _, l := range i.Levels {
			resp.Levels = append(resp.Levels, fromLevel(i, l))
		}
	}
	if len(items) == most {
		resp.NextPageToken = tokenOf(items[most-1].SKU)
	}
	return resp, nil
}

// ListLedger implements StockAdminService.
func (s admin) ListLedger(ctx context.Context, req *pb.ListLedgerRequest) (*pb.ListLedgerResponse, error) {
	var before *stock.Entry
	if req.GetPageToken() != "" {
		var p place
		if err := fromToken(req.GetPageToken(), &p); err != nil {
			return nil, err
		}
		if _, err := uuid.Parse(p.ID); err != nil {
			return nil, stock.ErrPageToken
		}
		before = &stock.Entry{ID: p.ID, Time: p.Time}
	}
	most := int(cmp.Or(req.GetPageSize(), defaultPage))
	entries, err := s.desk.Ledger(ctx, stock.SKU(req.GetSku()), before, most)
	if err != nil {
		return nil, err
	}
	resp := &pb.ListLedgerResponse{}
	for _, e := range entries {
		resp.Entries = append(resp.Entries, fromEntry(e))
	}
	if len(entries) == most {
		last := entries[most-1]
		resp.NextPageToken = tokenOf(place{last.Time, last.ID})
	}
	return resp, nil
}
