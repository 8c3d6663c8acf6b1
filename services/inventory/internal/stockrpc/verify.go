package stockrpc

import (
	"context"

	pb "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
)

// VerifyLedger implements StockAdminService.
func (s admin) VerifyLedger(ctx context.Context, req *pb.VerifyLedgerRequest) (*pb.VerifyLedgerResponse, error) {
	v, err := s.desk.Verify(ctx, req.GetRepair())
	if err != nil {
		return nil, err
	}
	resp := &pb.VerifyLedgerResponse{CheckedSkus: v.SKUs, DriftCount: v.Count}
	for _, d := range v.Drifts {
		resp.Drifts = append(resp.Drifts, fromDrift(d))
	}
	return resp, nil
}

var numbers = map[stock.Number]pb.DriftKind{
	stock.OnHand:    pb.DriftKind_DRIFT_KIND_ON_HAND,
	stock.Reserved:  pb.DriftKind_DRIFT_KIND_RESERVED,
	stock.Available: pb.DriftKind_DRIFT_KIND_AVAILABLE,
}

func fromDrift(d stock.Drift) *pb.Drift {
	return &pb.Drift{Sku: string(d.SKU), Location: string(d.Location), Kind: numbers[d.Number], Written: d.Written, Rebuilt: d.Rebuilt, Repaired: d.Repaired}
}
