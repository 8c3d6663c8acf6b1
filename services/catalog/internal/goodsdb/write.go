package goodsdb

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/catalog/internal/goods"
)

// Write implements goods.Store. The answer of a call with an idempotency key is
// kept with what it wrote.
func (s *Store) Write(ctx context.Context, o goods.Offer, now time.Time) (goods.Product, error) {
	p, err := retryTaken(func() (goods.Product, error) {
		return crdb.Once(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (goods.Product, error) {
			outcomes, err := take(ctx, tx, []goods.Offer{o}, now)
			if err != nil {
				return goods.Product{}, err
			}
			return outcomes[0].Product, outcomes[0].Err
		})
	})
	return p, translate(err)
}

// WriteAll implements goods.Store.
func (s *Store) WriteAll(ctx context.Context, offers []goods.Offer, now time.Time) ([]goods.Outcome, error) {
	outcomes, err := retryTaken(func() (outcomes []goods.Outcome, err error) {
		err = crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (err error) {
			outcomes, err = take(ctx, tx, offers, now)
			return err
		})
		return outcomes, err
	})
	return outcomes, translate(err)
}

// take reads what offers touch, lets the heart decide, and writes what is new.
func take(ctx context.Context, tx crdb.Tx, offers []goods.Offer, now time.Time) ([]goods.Outcome, error) {
	offers = slices.Clone(offers) // the transaction may run again, from what was asked
	tree, err := readTree(ctx, tx)
	if err != nil {
		return nil, err
	}
	known, err := readKnown(ctx, tx, offers)
	if err != nil {
		return nil, err
	}
	outcomes := make([]goods.Outcome, len(offers))
	matches := make([]*goods.Product, len(offers))
	for i, o := range offers {
		outcomes[i].Reference = o.Reference
		matches[i], outcomes[i].Err = known.Match(o)
	}
	// What is refused makes nothing: first it is asked what is not there, then
	// brands are made that are, then categories.
	settleCategories(tree, offers, outcomes)
	if err := settleCollections(ctx, tx, offers, outcomes); err != nil {
		return nil, err
	}
	if err := settleBrands(ctx, tx, offers, outcomes); err != nil {
		return nil, err
	}
	if err := shelve(ctx, tx, tree, offers, outcomes); err != nil {
		return nil, err
	}
	var changed []int
	for i, o := range offers {
		if outcomes[i].Err != nil {
			continue
		}
		outcomes[i].Product, outcomes[i].Changed = o.Become(matches[i], now)
		outcomes[i].Created = matches[i] == nil
		if outcomes[i].Changed {
			changed = append(changed, i)
		}
	}
	if err := address(ctx, tx, outcomes, changed); err != nil {
		return nil, err
	}
	next := make([]goods.Product, len(changed))
	for n, i := range changed {
		next[n] = outcomes[i].Product
	}
	if err := save(ctx, tx, next); err != nil {
		return nil, err
	}
	if err := keepFormer(ctx, tx, matches, outcomes, changed); err != nil {
		return nil, err
	}
	for n, i := range changed {
		fact, prices := goods.Tell(tree, matches[i], next[n])
		if err := tell(ctx, tx, fact, prices); err != nil {
			return nil, err
		}
	}
	for i := range outcomes {
		if p := &outcomes[i].Product; len(p.Categories) > 0 {
			p.Breadcrumb = tree.Path(p.Categories[0])
		}
	}
	return outcomes, nil
}

func tell(ctx context.Context, tx crdb.Tx, fact goods.ProductChanged, prices []goods.PriceChanged) error {
	id := string(fact.Product.ID)
	if err := bus.Put(ctx, tx, goods.ProductChangedTopic, id, fact); err != nil {
		return err
	}
	for _, p := range prices {
		if err := bus.Put(ctx, tx, goods.PriceChangedTopic, id, p); err != nil {
			return err
		}
	}
	return nil
}

// address gives new products without a slug a free one, made from the title.
func address(ctx context.Context, tx crdb.Tx, outcomes []goods.Outcome, changed []int) error {
	var nameless []int
	var wishes []string
	taken := map[string]bool{}
	for _, i := range changed {
		if p := outcomes[i].Product; p.Slug == "" {
			nameless, wishes = append(nameless, i), append(wishes, goods.Slug(p.Title, "product"))
		} else {
			taken[p.Slug] = true
		}
	}
	slugs, err := freeSlugs(ctx, tx, productSlugs, wishes, taken)
	for n, i := range nameless {
		outcomes[i].Product.Slug = slugs[n]
	}
	return err
}

const candidates = `SELECT ` + columns + ` FROM products AS p LEFT JOIN brands AS b ON b.id = p.brand_id
	WHERE p.id IN (
		SELECT i.id FROM products AS i WHERE i.id = ANY($1::uuid[])
		UNION SELECT s.id FROM products AS s WHERE s.slug = ANY($2::text[])
		UNION SELECT e.id FROM products AS e WHERE e.external_id = ANY($3::text[]) AND e.external_id <> ''
		UNION SELECT v.product_id FROM variants AS v WHERE v.sku = ANY($4::text[])
	)`

// readKnown reads every product that the offers name in any way.
func readKnown(ctx context.Context, tx crdb.Tx, offers []goods.Offer) (goods.Known, error) {
	known := goods.Known{
		ByID: map[goods.ProductID]*goods.Product{}, ByExternal: map[string]*goods.Product{},
		BySlug: map[string]*goods.Product{}, BySKU: map[goods.SKU]*goods.Product{},
	}
	var ids []goods.ProductID
	var slugs, external, skus []string
	for _, o := range offers {
		if o.Plan == goods.Replace {
			ids = append(ids, o.Product.ID)
		}
		slugs, external = append(slugs, o.Product.Slug), append(external, o.Product.ExternalID)
		skus = append(skus, words(o.Product.SKUs())...)
	}
	rows, err := tx.Query(ctx, candidates, uuids(ids), slugs, external, skus)
	if err != nil {
		return known, err
	}
	found, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return known, fmt.Errorf("read known products: %w", err)
	}
	for i := range found {
		p := &found[i]
		known.ByID[p.ID], known.BySlug[p.Slug] = p, p
		if p.ExternalID != "" {
			known.ByExternal[p.ExternalID] = p
		}
		for _, sku := range p.SKUs() {
			known.BySKU[sku] = p
		}
	}
	return known, nil
}

const (
	putProducts = `INSERT INTO products (id, slug, external_id, status, title_key, brand_id, version, created_at, updated_at, document)
	SELECT n.id, n.slug, n.external_id, n.status, n.title_key, n.brand_id, n.version, n.created_at, n.updated_at, n.document::jsonb
	FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::int8[], $8::timestamptz[], $9::timestamptz[], $10::text[])
		AS n (id, slug, external_id, status, title_key, brand_id, version, created_at, updated_at, document)
	ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, external_id = excluded.external_id, status = excluded.status, title_key = excluded.title_key,
		brand_id = excluded.brand_id, version = excluded.version, updated_at = excluded.updated_at, document = excluded.document`

	dropVariants    = `DELETE FROM variants WHERE product_id = ANY($1::uuid[])`
	dropPrices      = `DELETE FROM prices WHERE product_id = ANY($1::uuid[])`
	dropLowest      = `DELETE FROM lowest_prices WHERE product_id = ANY($1::uuid[])`
	dropCategories  = `DELETE FROM product_categories WHERE product_id = ANY($1::uuid[])`
	dropCollections = `DELETE FROM product_collections WHERE product_id = ANY($1::uuid[])`
	dropFacts       = `DELETE FROM product_facts WHERE product_id = ANY($1::uuid[])`

	putVariants    = `INSERT INTO variants (product_id, sku, id) SELECT n.product_id, n.sku, n.id FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS n (product_id, sku, id)`
	putPrices      = `INSERT INTO prices (product_id, currency, sku, minor_units) SELECT n.product_id, n.currency, n.sku, n.minor_units FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int8[]) AS n (product_id, currency, sku, minor_units)`
	putLowest      = `INSERT INTO lowest_prices (product_id, currency, minor_units) SELECT n.product_id, n.currency, n.minor_units FROM unnest($1::uuid[], $2::text[], $3::int8[]) AS n (product_id, currency, minor_units)`
	putCategories  = `INSERT INTO product_categories (product_id, category_id) SELECT n.product_id, n.category_id FROM unnest($1::uuid[], $2::uuid[]) AS n (product_id, category_id)`
	putCollections = `INSERT INTO product_collections (product_id, collection_id) SELECT n.product_id, n.collection_id FROM unnest($1::uuid[], $2::uuid[]) AS n (product_id, collection_id)`
	putFacts       = `INSERT INTO product_facts (product_id, name, value) SELECT n.product_id, n.name, n.value FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n (product_id, name, value)`
)

// save writes products and everything that finds them, all in one round trip.
func save(ctx context.Context, tx crdb.Tx, products []goods.Product) error {
	if len(products) == 0 {
		return nil
	}
	r, err := rowsOf(products)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	b.Queue(putProducts, r.ids, r.slugs, r.external, r.statuses, r.titles, r.brands, r.versions, r.created, r.updated, r.documents)
	for _, drop := range []string{dropVariants, dropPrices, dropLowest, dropCategories, dropCollections, dropFacts} {
		b.Queue(drop, r.ids)
	}
	b.Queue(putVariants, r.variants.product, r.variants.sku, r.variants.id)
	b.Queue(putPrices, r.prices.product, r.prices.currency, r.prices.sku, r.prices.minor)
	b.Queue(putLowest, r.lowest.product, r.lowest.currency, r.lowest.minor)
	b.Queue(putCategories, r.categories.product, r.categories.category)
	b.Queue(putCollections, r.collections.product, r.collections.collection)
	b.Queue(putFacts, r.facts.product, r.facts.name, r.facts.value)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("save products: %w", err)
	}
	return nil
}

// rows are the columns of products and of what finds them, as arrays for unnest.
type rows struct {
	ids                                          []uuid.UUID
	slugs, external, statuses, titles, documents []string
	brands                                       []*uuid.UUID
	versions                                     []int64
	created, updated                             []time.Time
	variants                                     struct {
		product, id []uuid.UUID
		sku         []string
	}
	prices struct {
		product       []uuid.UUID
		currency, sku []string
		minor         []int64
	}
	lowest struct {
		product  []uuid.UUID
		currency []string
		minor    []int64
	}
	categories  struct{ product, category []uuid.UUID }
	collections struct{ product, collection []uuid.UUID }
	facts       struct {
		product     []uuid.UUID
		name, value []string
	}
}

func rowsOf(products []goods.Product) (*rows, error) {
	r := &rows{}
	for _, p := range products {
		id, err := uuid.Parse(string(p.ID))
		if err != nil {
			return nil, fmt.Errorf("product id %q: %w", p.ID, err)
		}
		kept := p
		kept.Breadcrumb, kept.Brand = nil, goods.Brand{ID: p.Brand.ID}
		document, err := json.Marshal(kept)
		if err != nil {
			return nil, err
		}
		r.ids, r.slugs, r.external = append(r.ids, id), append(r.slugs, p.Slug), append(r.external, p.ExternalID)
		r.statuses, r.titles, r.brands = append(r.statuses, string(p.Status)), append(r.titles, p.TitleKey()), append(r.brands, orNil(p.Brand.ID))
		r.versions, r.created, r.updated = append(r.versions, p.Version), append(r.created, p.Created), append(r.updated, p.Updated)
		r.documents = append(r.documents, string(document))
		r.addVariants(id, p)
		for _, c := range uuids(p.Categories) {
			r.categories.product, r.categories.category = append(r.categories.product, id), append(r.categories.category, c)
		}
		for _, c := range uuids(p.Collections) {
			r.collections.product, r.collections.collection = append(r.collections.product, id), append(r.collections.collection, c)
		}
		for _, f := range p.Facts() {
			r.facts.product, r.facts.name, r.facts.value = append(r.facts.product, id), append(r.facts.name, f.Name), append(r.facts.value, f.Value)
		}
	}
	return r, nil
}

func (r *rows) addVariants(id uuid.UUID, p goods.Product) {
	done := map[string]bool{}
	for _, v := range p.Variants {
		r.variants.product, r.variants.sku = append(r.variants.product, id), append(r.variants.sku, string(v.SKU))
		r.variants.id = append(r.variants.id, uuid.MustParse(string(v.ID)))
		for _, price := range v.Prices {
			currency := price.Amount.Currency
			r.prices.product, r.prices.currency = append(r.prices.product, id), append(r.prices.currency, currency)
			r.prices.sku, r.prices.minor = append(r.prices.sku, string(v.SKU)), append(r.prices.minor, price.Amount.Minor)
			if !done[currency] {
				done[currency] = true
				minor, _ := p.Lowest(currency)
				r.lowest.product, r.lowest.currency = append(r.lowest.product, id), append(r.lowest.currency, currency)
				r.lowest.minor = append(r.lowest.minor, minor)
			}
		}
	}
}
