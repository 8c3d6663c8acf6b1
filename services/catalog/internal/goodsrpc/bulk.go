package goodsrpc

import (
	"context"

	"connectrpc.com/connect"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/catalog/internal/goods"
	"github.com/souk-commerce/souk/services/catalog/internal/goodsproto"
)

// batchSize is how many products share a transaction: enough to make the trips
// to the database cheap, few enough to be soon done and seldom in the way.
const batchSize = 100

// BulkUpsertProducts implements ProductAdminService.
func (s admin) BulkUpsertProducts(ctx context.Context, stream *connect.ClientStream[catalogv1.BulkUpsertProductsRequest]) (*catalogv1.BulkUpsertProductsResponse, error) {
	b := bulk{desk: s.desk, resp: &catalogv1.BulkUpsertProductsResponse{}}
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

// bulk gathers offers and writes down what became of them, in the order they came.
type bulk struct {
	desk   *goods.Desk
	resp   *catalogv1.BulkUpsertProductsResponse
	offers []goods.Offer
	// Where the result of each offer belongs.
	results []*catalogv1.BulkResult
}

func (b *bulk) take(ctx context.Context, req *catalogv1.BulkUpsertProductsRequest) error {
	result := &catalogv1.BulkResult{Reference: req.GetReference()}
	b.resp.Results = append(b.resp.Results, result)
	if err := rpc.Validate(req); err != nil {
		result.Error = goods.Explain(err)
		b.resp.Failed++
		return nil
	}
	offer := goods.Offer{Product: goodsproto.ToProduct(req.GetProduct()), NewStatus: goodsproto.ToStatus(req.GetNewStatus()), Path: req.GetCategoryPath(), Reference: req.GetReference()}
	if name := req.GetBrandName(); name != "" {
		offer.Product.Brand = goods.Brand{Name: name}
	}
	b.offers, b.results = append(b.offers, offer), append(b.results, result)
	if len(b.offers) < batchSize {
		return nil
	}
	return b.flush(ctx)
}

func (b *bulk) flush(ctx context.Context) error {
	outcomes, err := b.desk.Bulk(ctx, b.offers)
	if err != nil {
		return err
	}
	for i, o := range outcomes {
		b.results[i].ProductId, b.results[i].Created = string(o.Product.ID), o.Created
		switch {
		case o.Err != nil:
			b.results[i].Error = goods.Explain(o.Err)
			b.resp.Failed++
		case o.Created:
			b.resp.Created++
		case o.Changed:
			b.resp.Updated++
		default:
			b.resp.Unchanged++
		}
	}
	b.offers, b.results = nil, nil
	return nil
}
