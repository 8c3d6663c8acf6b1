package goodsdb

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/services/catalog/internal/goods"
)

const (
	allCategories = `SELECT id, slug, name, description, parent_id, position, image FROM categories`

	// The published products of each category, below it and above: one that
	// lies in two categories of a branch counts once there.
	countProducts = `WITH RECURSIVE up (start, id, steps) AS (
	SELECT c.id, c.id, 0::int8 FROM categories AS c
	UNION ALL
	SELECT u.start, c.parent_id, u.steps + 1 FROM up AS u JOIN categories AS c ON c.id = u.id WHERE u.steps < 16
) SELECT u.id, count(DISTINCT pc.product_id) FROM up AS u
	JOIN product_categories AS pc ON pc.category_id = u.start
	JOIN products AS p ON p.id = pc.product_id AND p.status = 'published'
	GROUP BY u.id`
)

func scanCategory(row pgx.CollectableRow) (goods.Category, error) {
	var c goods.Category
	var id, parent uuid.UUID
	var image []byte
	if err := row.Scan(&id, &c.Slug, &c.Name, &c.Description, &parent, &c.Position, &image); err != nil {
		return c, err
	}
	c.ID = goods.CategoryID(id.String())
	if parent != uuid.Nil {
		c.Parent = goods.CategoryID(parent.String())
	}
	return c, pictureFrom(image, &c.Image)
}

func pictureFrom(raw []byte, into **goods.Image) error {
	if raw == nil {
		return nil
	}
	return json.Unmarshal(raw, into)
}

// picture is the column of an image; nil is NULL.
func picture(i *goods.Image) (*string, error) {
	if i == nil {
		return nil, nil
	}
	raw, err := json.Marshal(i)
	text := string(raw)
	return &text, err
}

func readCategories(ctx context.Context, r reader) ([]goods.Category, error) {
	rows, err := r.Query(ctx, allCategories)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, scanCategory)
	if err != nil {
		return nil, fmt.Errorf("read categories: %w", err)
	}
	return all, nil
}

func readTree(ctx context.Context, r reader) (*goods.Tree, error) {
	all, err := readCategories(ctx, r)
	return goods.NewTree(all), err
}

// Categories implements goods.Store.
func (s *Store) Categories(ctx context.Context) ([]goods.Category, error) {
	all, err := readCategories(ctx, s.db)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, countProducts)
	if err != nil {
		return nil, err
	}
	counts := map[goods.CategoryID]int32{}
	var id uuid.UUID
	var n int32
	if _, err := pgx.ForEachRow(rows, []any{&id, &n}, func() error {
		counts[goods.CategoryID(id.String())] = n
		return nil
	}); err != nil {
		return nil, fmt.Errorf("count products: %w", err)
	}
	for i, c := range all {
		all[i].Products = counts[c.ID]
	}
	return all, nil
}

const putCategory = `INSERT INTO categories (id, slug, name, name_key, description, parent_id, position, image) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)
	ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name, name_key = excluded.name_key, description = excluded.description,
		parent_id = excluded.parent_id, position = excluded.position, image = excluded.image`

// storeCategory writes a category, tells it, and puts it into the tree.
func storeCategory(ctx context.Context, tx crdb.Tx, tree *goods.Tree, c goods.Category) error {
	parent := uuid.Nil
	if p := orNil(c.Parent); p != nil {
		parent = *p
	}
	image, err := picture(c.Image)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, putCategory, orNil(c.ID), c.Slug, c.Name, goods.Fold(c.Name), c.Description, parent, c.Position, image); err != nil {
		return fmt.Errorf("store category: %w", err)
	}
	fact := goods.CategoryChanged{Category: c}
	for _, ref := range append(tree.Path(c.ID), tree.Path(c.Parent)...) {
		if ref.ID != c.ID && !slices.Contains(fact.Above, ref.ID) {
			fact.Above = append(fact.Above, ref.ID)
		}
	}
	tree.Put(c)
	return bus.Put(ctx, tx, goods.CategoryChangedTopic, string(c.ID), fact)
}

// PutCategory implements goods.Store. Products that name the category on their
// way from the root get a new version, for those who keep copies of them.
func (s *Store) PutCategory(ctx context.Context, key goods.Key, decide func(*goods.Tree, *goods.Category) (goods.Category, error), now time.Time) (goods.Category, error) {
	c, err := retryTaken(func() (goods.Category, error) {
		return crdb.Once(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (goods.Category, error) {
			all, err := readCategories(ctx, tx)
			if err != nil {
				return goods.Category{}, err
			}
			tree := goods.NewTree(all)
			var old *goods.Category
			for i, c := range all {
				if key.ID != "" && string(c.ID) == key.ID || key.ID == "" && key.Slug != "" && c.Slug == key.Slug {
					old = &all[i]
				}
			}
			next, err := decide(tree, old)
			if err != nil || old != nil && sameCategory(*old, next) {
				return next, err
			}
			if next.Slug == "" {
				slugs, err := freeSlugs(ctx, tx, categorySlugs, []string{goods.Slug(next.Name, "category")}, map[string]bool{})
				if err != nil {
					return next, err
				}
				next.Slug = slugs[0]
			}
			if err := storeCategory(ctx, tx, tree, next); err != nil || old == nil {
				return next, err
			}
			if old.Name == next.Name && old.Slug == next.Slug && old.Parent == next.Parent {
				return next, nil
			}
			return next, touch(ctx, tx, tree, productsInCategories, uuids(tree.Below(next.ID)), now)
		})
	})
	return c, translate(err)
}

func sameCategory(a, b goods.Category) bool {
	if a.Image != nil && b.Image != nil && *a.Image == *b.Image {
		a.Image, b.Image = nil, nil
	}
	return a == b
}

const (
	productsInCategories = `SELECT ` + columns + ` FROM products AS p LEFT JOIN brands AS b ON b.id = p.brand_id WHERE p.id IN (SELECT pc.product_id FROM product_categories AS pc WHERE pc.category_id = ANY($1::uuid[]))`
	productsOfBrand      = `SELECT ` + columns + ` FROM products AS p LEFT JOIN brands AS b ON b.id = p.brand_id WHERE p.brand_id = ANY($1::uuid[])`
	countVersions        = `UPDATE products SET version = version + 1, updated_at = $2 WHERE id = ANY($1::uuid[])`
)

// touch gives products a new version because a name on them is another.
func touch(ctx context.Context, tx crdb.Tx, tree *goods.Tree, which string, ids []uuid.UUID, now time.Time) error {
	now = now.Truncate(time.Microsecond)
	found, err := tx.Query(ctx, which, ids)
	if err != nil {
		return err
	}
	products, err := pgx.CollectRows(found, scan)
	if err != nil {
		return err
	}
	var touched []goods.ProductID
	for _, p := range products {
		touched = append(touched, p.ID)
	}
	if _, err := tx.Exec(ctx, countVersions, uuids(touched), now); err != nil {
		return err
	}
	for _, p := range products {
		old := p
		p.Version, p.Updated = p.Version+1, now
		fact, _ := goods.Tell(tree, &old, p)
		fact.Rebrand = which == productsOfBrand
		if err := tell(ctx, tx, fact, nil); err != nil {
			return err
		}
	}
	return nil
}

// settleCategories refuses offers that name a category that is not there.
func settleCategories(tree *goods.Tree, offers []goods.Offer, outcomes []goods.Outcome) {
	for i, o := range offers {
		for n, id := range o.Product.Categories {
			if _, ok := tree.Category(id); !ok && outcomes[i].Err == nil {
				outcomes[i].Err = invalid("category_ids", n, "There is no such category.")
			}
		}
	}
}

// shelve makes the categories that a path names and that are missing.
func shelve(ctx context.Context, tx crdb.Tx, tree *goods.Tree, offers []goods.Offer, outcomes []goods.Outcome) error {
	for i, o := range offers {
		if outcomes[i].Err != nil || len(o.Path) == 0 {
			continue
		}
		id, err := ensurePath(ctx, tx, tree, o.Path)
		if err != nil {
			return err
		}
		if !slices.Contains(o.Product.Categories, id) {
			offers[i].Product.Categories = append(slices.Clone(o.Product.Categories), id)
		}
	}
	return nil
}

func ensurePath(ctx context.Context, tx crdb.Tx, tree *goods.Tree, path []string) (goods.CategoryID, error) {
	var parent goods.CategoryID
	above := ""
	for _, name := range path {
		c, ok := tree.Child(parent, name)
		if !ok {
			c = goods.NewCategory(tree, parent, name)
			wish := goods.Slug(name, "category")
			slug, err := freeCategorySlug(ctx, tx, wish, above)
			if err != nil {
				return "", err
			}
			c.Slug = slug
			if err := storeCategory(ctx, tx, tree, c); err != nil {
				return "", err
			}
		}
		parent, above = c.ID, c.Slug
	}
	return parent, nil
}

// freeCategorySlug prefers "mugs", then "kitchen-mugs", then "mugs-2".
func freeCategorySlug(ctx context.Context, tx crdb.Tx, wish, above string) (string, error) {
	taken := map[string]bool{}
	slugs, err := freeSlugs(ctx, tx, categorySlugs, []string{wish}, taken)
	if err != nil || slugs[0] == wish || above == "" || len(above)+len(wish) > 180 {
		return slugs[0], err
	}
	slugs, err = freeSlugs(ctx, tx, categorySlugs, []string{above + "-" + wish}, taken)
	return slugs[0], err
}

func invalid(list string, index int, sentence string) error {
	return fault.New(fault.Invalid, "product_invalid", "The product has mistakes.").On(list+"["+strconv.Itoa(index)+"]", sentence)
}
