package goodsdb

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
)

func TestMain(m *testing.M) { kittest.Main(m) }

const many, few = 2000, 10

// fill makes many products, of which few are in the category and in the collection.
func fill(t *testing.T, db *crdb.DB) (category, collection uuid.UUID) {
	t.Helper()
	category, collection = uuid.New(), uuid.New()
	for _, f := range []struct {
		sql  string
		args []any
	}{
		{`INSERT INTO categories (id, slug, name, name_key, description, parent_id, position) VALUES ($1, 'c', 'c', 'c', '', $2, 0)`, []any{category, uuid.Nil}},
		{`INSERT INTO collections (id, slug, name, description, position) VALUES ($1, 'c', 'c', '', 0)`, []any{collection}},
		{`INSERT INTO products (id, slug, external_id, status, title_key, version, created_at, updated_at, document)
			SELECT gen_random_uuid(), 'p-' || n, '', 'published', 'p ' || n, 1, now(), now(), '{}' FROM generate_series(1, $1) AS n`, []any{many}},
		{`INSERT INTO product_categories (product_id, category_id) SELECT id, $1 FROM products ORDER BY slug LIMIT $2`, []any{category, few}},
		{`INSERT INTO product_collections (product_id, collection_id) SELECT id, $1 FROM products ORDER BY slug LIMIT $2`, []any{collection, few}},
		{`INSERT INTO lowest_prices (product_id, currency, minor_units) SELECT id, 'USD', 100 FROM products`, nil},
		{`ANALYZE`, nil},
	} {
		if _, err := db.Exec(t.Context(), f.sql, f.args...); err != nil {
			t.Fatalf("%s: %v", f.sql, err)
		}
	}
	return category, collection
}

// A page of a small category takes as long in a large shop as in a small one.
func TestAListReadsOnlyWhatItIsNarrowedTo(t *testing.T) {
	db := kittest.DB(t, Migrations())
	category, collection := fill(t, db)
	for sort, list := range lists {
		for narrowed, statement := range map[string]string{"category": list.inCategory, "collection": list.inCollection} {
			args := []any{nil, nil, nil, "USD", 0, 0, []string{}, []string{}, nil, nil, 25}
			if narrowed == "category" {
				args[0] = []uuid.UUID{category}
			} else {
				args[2] = collection
			}
			var plan []struct{ Plan node }
			if err := db.QueryRow(t.Context(), `EXPLAIN (ANALYZE, FORMAT JSON) `+statement, args...).Scan(&plan); err != nil {
				t.Fatalf("%s in a %s: %v", sort, narrowed, err)
			}
			if n := plan[0].Plan.read("products"); n < few || n > 2*few {
				text, _ := json.Marshal(plan)
				t.Errorf("%s in a %s of %d reads %v products; the plan: %s", sort, narrowed, few, n, text)
			}
		}
	}
}

// node is a step of PostgreSQL's plan.
type node struct {
	Relation string  `json:"Relation Name"`
	Rows     float64 `json:"Actual Rows"`
	Removed  float64 `json:"Rows Removed by Filter"`
	Loops    float64 `json:"Actual Loops"`
	Plans    []node
}

// read is how many rows of a table were looked at.
func (n node) read(table string) (rows float64) {
	for _, p := range n.Plans {
		rows += p.read(table)
	}
	if n.Relation == table {
		rows += (n.Rows + n.Removed) * n.Loops
	}
	return rows
}
