package stockrpc

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	pb "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
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

// SetBackorder implements StockAdminService.
func (s admin) SetBackorder(ctx context.Context, req *pb.SetBackorderRequest) (*pb.SetBackorderResponse, error) {
	if err := s.desk.Backorder(ctx, stock.AllowBackorder{SKU: stock.SKU(req.GetSku()), Allow: req.GetBackorder(), Limit: req.GetLimit(), Expected: toTime(req.GetExpectedTime())}); err != nil {
		return nil, err
	}
	return &pb.SetBackorderResponse{}, nil
}

// SetStockRules implements StockAdminService.
func (s admin) SetStockRules(ctx context.Context, req *pb.SetStockRulesRequest) (*pb.SetStockRulesResponse, error) {
	if err := s.desk.SetRules(ctx, stock.SetRules{SKU: stock.SKU(req.GetSku()), Safety: req.GetSafetyUnits(), LowAt: req.GetLowThreshold()}); err != nil {
		return nil, err
	}
	return &pb.SetStockRulesResponse{}, nil
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
