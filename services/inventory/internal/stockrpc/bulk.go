package stockrpc

import (
	"context"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	pb "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
)

// BulkSetStock implements StockAdminService.
func (s admin) BulkSetStock(ctx context.Context, stream *connect.ClientStream[pb.BulkSetStockRequest]) (*pb.BulkSetStockResponse, error) {
	resp := &pb.BulkSetStockResponse{}
	b := bulk[*stock.Count]{makeMany: s.desk.CountMany, made: func(c *stock.Count) {
		if c.Changed {
			resp.Changed++
		} else {
			resp.Unchanged++
		}
	}}
	for stream.Receive() {
		req := stream.Msg()
		err := b.take(ctx, req, req.GetReference(), &stock.Count{
			SKU: stock.SKU(req.GetSku()), Location: stock.Location(req.GetLocation()), OnHand: req.GetOnHand(), Backorder: toBackorder(req.GetBackorder()),
			Reason: req.GetReason(), Actor: actor(ctx),
		})
		if err != nil {
			return nil, err
		}
	}
	if err := stream.Err(); err != nil {
		return nil, err
	}
	err := b.flush(ctx)
	resp.Failed = b.failed
	return resp, err
}

// BulkAdjustStock implements StockAdminService.
func (s admin) BulkAdjustStock(ctx context.Context, stream *connect.ClientStream[pb.BulkAdjustStockRequest]) (*pb.BulkAdjustStockResponse, error) {
	resp := &pb.BulkAdjustStockResponse{}
	b := bulk[*stock.Adjust]{makeMany: s.desk.AdjustMany, made: func(a *stock.Adjust) {
		if a.Repeated {
			resp.RepeatedCount++
		} else {
			resp.Adjusted++
		}
	}}
	for stream.Receive() {
		req := stream.Msg()
		err := b.take(ctx, req, req.GetReference(), &stock.Adjust{
			Key: req.GetKey(), SKU: stock.SKU(req.GetSku()), Location: stock.Location(req.GetLocation()), Kind: toKind(req.GetKind()),
			Units: req.GetUnits(), Reason: req.GetReason(), Actor: actor(ctx),
		})
		if err != nil {
			return nil, err
		}
	}
	if err := stream.Err(); err != nil {
		return nil, err
	}
	err := b.flush(ctx)
	resp.Failed = b.failed
	return resp, err
}

// batchSize is how many moves of a stream share a transaction.
const batchSize = 200

// bulk gathers moves and tells what became of them.
type bulk[M stock.Move] struct {
	makeMany   func(context.Context, []M) ([]error, error)
	made       func(M)
	moves      []M
	references []int64
	failed     []*pb.BulkStockResult
}

func (b *bulk[M]) take(ctx context.Context, req proto.Message, reference int64, m M) error {
	if err := rpc.Validate(req); err != nil {
		b.fail(reference, err)
		return nil
	}
	b.moves, b.references = append(b.moves, m), append(b.references, reference)
	if len(b.moves) < batchSize {
		return nil
	}
	return b.flush(ctx)
}

func (b *bulk[M]) flush(ctx context.Context) error {
	results, err := b.makeMany(ctx, b.moves)
	if err != nil {
		return err
	}
	for n, err := range results {
		if err != nil {
			b.fail(b.references[n], err)
			continue
		}
		b.made(b.moves[n])
	}
	b.moves, b.references = nil, nil
	return nil
}

func (b *bulk[M]) fail(reference int64, err error) {
	sentence := err.Error()
	if f, ok := fault.As(err); ok {
		sentence = f.Sentence
		for _, field := range f.Fields {
			sentence += " " + field.Path + ": " + field.Sentence
		}
	}
	b.failed = append(b.failed, &pb.BulkStockResult{Reference: reference, Error: sentence})
}
