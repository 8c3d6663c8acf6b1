package catalog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"connectrpc.com/connect"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/wrapperspb"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/kittest/ratio"
	"github.com/souk-commerce/souk/kit/rpc"
)

const (
	assortment = 1000
	onPage     = 24
	callers    = 8
)

// assorted has products of three variants in ten categories.
func assorted(b *testing.B) *shop {
	s := open(b)
	var all []*catalogv1.BulkUpsertProductsRequest
	for n := range assortment {
		p := mug(fmt.Sprintf("Mug %d", n), fmt.Sprintf("MUG-%d-0", n), int64(1000+n))
		p.Options = []*catalogv1.Option{{Name: "Size", Values: []string{"0", "1", "2"}}}
		p.Variants = nil
		for size := range 3 {
			p.Variants = append(p.Variants, &catalogv1.Variant{
				Sku: fmt.Sprintf("MUG-%d-%d", n, size), Prices: []*catalogv1.Price{{Amount: usd(int64(1000 + n))}},
				OptionValues: []*catalogv1.OptionValue{{Option: "Size", Value: fmt.Sprint(size)}},
			})
		}
		all = append(all, &catalogv1.BulkUpsertProductsRequest{Product: p, CategoryPath: []string{"Home", fmt.Sprintf("Shelf %d", n%10)}, BrandName: fmt.Sprintf("Brand %d", n%7)})
	}
	if did := s.bulk(b, all...); did.GetCreated() != assortment {
		b.Fatal(did)
	}
	return s
}

// calls come as those of our own services do.
func (s *shop) called(b *testing.B, call func(catalogv1connect.ProductServiceClient, int) error) ratio.Side {
	client, url := kittest.Dialer(b, "bench", map[string]*kittest.Served{"catalog": s.served}).Client("catalog")
	products := catalogv1connect.NewProductServiceClient(client, url, rpc.ClientOptions()...)
	return atOnce(b, func(n int) error { return call(products, n) })
}

// atOnce asks from many callers, each time for another thing.
func atOnce(b *testing.B, ask func(n int) error) ratio.Side {
	var sides [callers]ratio.Side
	for i := range sides {
		next := i
		sides[i] = func(n int) {
			for range n {
				if err := ask(next); err != nil {
					b.Error(err)
					return
				}
				next += callers
			}
		}
	}
	return ratio.Together(sides[:]...)
}

// bare is the same read without us: a handler of Connect that has nothing in
// front and sends bytes as they lie in the database.
func bare(b *testing.B, read func(n int) ([][]byte, error)) ratio.Side {
	const path = "/bare.v1.Service/Read"
	served := kittest.Serve(b, []rpc.Mount{{Path: path, Handler: connect.NewUnaryHandlerSimple(path, func(_ context.Context, n *wrapperspb.Int64Value) (*wrapperspb.BytesValue, error) {
		rows, err := read(int(n.GetValue()))
		return wrapperspb.Bytes(bytes.Join(rows, nil)), err
	})}})
	to, url := kittest.Dialer(b, "bench", map[string]*kittest.Served{"bare": served}).Client("bare")
	client := connect.NewClient[wrapperspb.Int64Value, wrapperspb.BytesValue](to, url+path)
	return atOnce(b, func(n int) error {
		resp, err := client.CallUnary(b.Context(), connect.NewRequest(wrapperspb.Int64(int64(n))))
		if err == nil && len(resp.Msg.GetValue()) == 0 {
			err = errors.New("nothing there")
		}
		return err
	})
}

// A product by its slug. Its rows are the product's, its brand's and its
// categories', read as they are.
func BenchmarkGetProduct(b *testing.B) {
	s := assorted(b)
	slug := func(n int) string { return fmt.Sprintf("mug-%d", n%assortment) }
	rows := func(n int) ([][]byte, error) {
		var document, brand, category, above []byte
		err := s.db.Pool.QueryRow(b.Context(), `SELECT p.document, b.name, c.name, up.name FROM products AS p JOIN brands AS b ON b.id = p.brand_id
			JOIN product_categories AS pc ON pc.product_id = p.id JOIN categories AS c ON c.id = pc.category_id JOIN categories AS up ON up.id = c.parent_id
			WHERE p.slug = $1`, slug(n)).Scan(&document, &brand, &category, &above)
		return [][]byte{document, brand, category, above}, err
	}
	ours := s.called(b, func(products catalogv1connect.ProductServiceClient, n int) error {
		resp, err := products.GetProduct(b.Context(), &catalogv1.GetProductRequest{Slug: slug(n)})
		if err == nil && len(resp.GetProduct().GetVariants()) != 3 {
			err = fmt.Errorf("product %v", resp)
		}
		return err
	})
	ratio.Of(b, "a bare call with its rows", ours, bare(b, rows))
	ratio.Of(b, "its rows alone", ours, atOnce(b, func(n int) error {
		_, err := rows(n)
		return err
	}))
}

// The first page of a category.
func BenchmarkListProducts(b *testing.B) {
	s := assorted(b)
	slug := func(n int) string { return fmt.Sprintf("shelf-%d", n%10) }
	rows := func(n int) ([][]byte, error) {
		found, err := s.db.Pool.Query(b.Context(), `SELECT p.document FROM products AS p JOIN product_categories AS pc ON pc.product_id = p.id JOIN categories AS c ON c.id = pc.category_id
			WHERE c.slug = $1 AND p.status = 'published' ORDER BY p.created_at DESC, p.id DESC LIMIT $2`, slug(n), onPage)
		if err != nil {
			return nil, err
		}
		documents, err := pgx.CollectRows(found, pgx.RowTo[[]byte])
		if err == nil && len(documents) != onPage {
			err = fmt.Errorf("%d products", len(documents))
		}
		return documents, err
	}
	ours := s.called(b, func(products catalogv1connect.ProductServiceClient, n int) error {
		resp, err := products.ListProducts(b.Context(), &catalogv1.ListProductsRequest{Category: slug(n), PageSize: onPage})
		if err == nil && len(resp.GetProducts()) != onPage {
			err = fmt.Errorf("%d products", len(resp.GetProducts()))
		}
		return err
	})
	ratio.Of(b, "a bare call with its rows", ours, bare(b, rows))
	ratio.Of(b, "its rows alone", ours, atOnce(b, func(n int) error {
		_, err := rows(n)
		return err
	}))
}
