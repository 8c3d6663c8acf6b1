package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
)

// adminCmd is what administrators do from the command line in a running shop.
type adminCmd struct {
	Stock struct {
		Verify verifyStockCmd `cmd:"" help:"Rebuild stock from its ledger and say where the two differ."`
	} `cmd:"" help:"Stock and its ledger."`
}

type verifyStockCmd struct {
	Repair bool `help:"Write down what the ledger says."`
	adminConfig
}

var errDrift = errors.New("stock is not what its ledger says")

// Run prints what differs; it fails when something still does.
func (c *verifyStockCmd) Run(ctx context.Context) error {
	client, base, err := c.client("souk admin")
	if err != nil {
		return err
	}
	v, err := inventoryv1connect.NewStockAdminServiceClient(client, base).VerifyLedger(ctx, &inventoryv1.VerifyLedgerRequest{Repair: c.Repair})
	if err != nil {
		return explainShop(err, base)
	}
	return printDrifts(v)
}

var driftWords = map[inventoryv1.DriftKind]string{
	inventoryv1.DriftKind_DRIFT_KIND_ON_HAND:   "on hand",
	inventoryv1.DriftKind_DRIFT_KIND_RESERVED:  "reserved",
	inventoryv1.DriftKind_DRIFT_KIND_AVAILABLE: "available",
}

func printDrifts(v *inventoryv1.VerifyLedgerResponse) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	left := false
	for n, d := range v.GetDrifts() {
		if n == 0 {
			fmt.Fprintln(table, "SKU\tLOCATION\tNUMBER\tWRITTEN\tREBUILT\t")
		}
		done := ""
		if d.GetRepaired() {
			done = "repaired"
		}
		left = left || !d.GetRepaired()
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\n", d.GetSku(), d.GetLocation(), driftWords[d.GetKind()], d.GetWritten(), d.GetRebuilt(), done)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if more := v.GetDriftCount() - int64(len(v.GetDrifts())); more > 0 {
		fmt.Printf("and %d more\n", more)
	}
	fmt.Printf("%d SKUs checked, %d numbers differ\n", v.GetCheckedSkus(), v.GetDriftCount())
	if left {
		return errDrift
	}
	return nil
}
