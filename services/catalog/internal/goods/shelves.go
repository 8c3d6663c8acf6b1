package goods

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"
)

// Categories returns the whole tree, parents before children, in shown order.
func (d *Desk) Categories(ctx context.Context) ([]Category, error) {
	all, err := d.store.Categories(ctx)
	if err != nil {
		return nil, err
	}
	children := map[CategoryID][]Category{}
	for _, c := range all {
		children[c.Parent] = append(children[c.Parent], c)
	}
	var ordered []Category
	var visit func(CategoryID)
	visit = func(parent CategoryID) {
		below := children[parent]
		delete(children, parent) // a loop, which cannot be, would end here
		slices.SortFunc(below, func(a, b Category) int {
			return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.Name, b.Name))
		})
		for _, c := range below {
			ordered = append(ordered, c)
			visit(c.ID)
		}
	}
	visit("")
	return ordered, nil
}

// Category returns one category, the way to it, and what lies directly below.
func (d *Desk) Category(ctx context.Context, key Key) (c Category, path Path, children []Category, err error) {
	key = key.clean()
	all, err := d.Categories(ctx)
	if err != nil {
		return Category{}, nil, nil, err
	}
	found := false
	for _, other := range all {
		if key.ID != "" && string(other.ID) == key.ID || key.ID == "" && key.Slug != "" && other.Slug == key.Slug {
			c, found = other, true
		}
	}
	if !found {
		return Category{}, nil, nil, ErrNoCategory
	}
	for _, other := range all {
		if other.Parent == c.ID {
			children = append(children, other)
		}
	}
	return c, NewTree(all).Path(c.ID), children, nil
}

// PutCategory creates or changes a category, found by id, else by slug.
func (d *Desk) PutCategory(ctx context.Context, c Category) (Category, error) {
	c.Name, c.Description = Line(c.Name), Text(c.Description)
	m := &mistakes{}
	m.named(c.Name, c.Slug, c.Image)
	if err := m.fault(errCategory); err != nil {
		return Category{}, err
	}
	return d.store.PutCategory(ctx, Key{string(c.ID), c.Slug}.clean(), func(tree *Tree, old *Category) (Category, error) {
		next := c
		next.Products = 0
		switch {
		case old != nil:
			next.ID = old.ID
		case c.ID != "":
			return Category{}, ErrNoCategory
		}
		if err := tree.checkMove(next); err != nil {
			return Category{}, err
		}
		if old == nil {
			next.ID = CategoryID(uuid.NewString())
		} else if next.Slug == "" {
			next.Slug = old.Slug
		}
		return next, nil
	}, d.clock.Now())
}

// NewCategory is what a path makes where nothing is: the last among its siblings.
func NewCategory(tree *Tree, parent CategoryID, name string) Category {
	return Category{ID: CategoryID(uuid.NewString()), Name: name, Parent: parent, Position: int32(tree.Children(parent))}
}

func (m *mistakes) named(name, slug string, image *Image) {
	if name == "" {
		m.add("name", "A name is needed.")
	}
	if slug != "" && !validSlug(slug) {
		m.add("slug", "Use lower-case letters, digits and single hyphens; nothing that looks like an id.")
	}
	if image != nil && !validURL(image.URL) {
		m.add("image.url", "Use an http(s) address, or a path below /media/.")
	}
}

// Collections returns all collections in shown order.
func (d *Desk) Collections(ctx context.Context) ([]Collection, error) {
	return d.store.Collections(ctx)
}

// PutCollection creates or changes a collection, found by id, else by slug.
func (d *Desk) PutCollection(ctx context.Context, c Collection) (Collection, error) {
	c.Name, c.Description = Line(c.Name), Text(c.Description)
	m := &mistakes{}
	m.named(c.Name, c.Slug, c.Image)
	if err := m.fault(errCollection); err != nil {
		return Collection{}, err
	}
	return d.store.PutCollection(ctx, Key{string(c.ID), c.Slug}.clean(), func(old *Collection) (Collection, error) {
		next := c
		switch {
		case old == nil && c.ID != "":
			return Collection{}, ErrNoCollection
		case old == nil:
			next.ID = CollectionID(uuid.NewString())
		default:
			next.ID = old.ID
			next.Slug = cmp.Or(next.Slug, old.Slug)
		}
		return next, nil
	})
}

// Brands returns all brands by name.
func (d *Desk) Brands(ctx context.Context) ([]Brand, error) { return d.store.Brands(ctx) }

// PutBrand creates or renames a brand, found by id, else by slug.
func (d *Desk) PutBrand(ctx context.Context, b Brand) (Brand, error) {
	b.Name = Line(b.Name)
	m := &mistakes{}
	m.named(b.Name, b.Slug, nil)
	if err := m.fault(errBrand); err != nil {
		return Brand{}, err
	}
	return d.store.PutBrand(ctx, Key{string(b.ID), b.Slug}.clean(), func(old *Brand) (Brand, error) {
		next := b
		switch {
		case old == nil && b.ID != "":
			return Brand{}, ErrNoBrand
		case old == nil:
			next.ID = BrandID(uuid.NewString())
		default:
			next.ID = old.ID
			next.Slug = cmp.Or(next.Slug, old.Slug)
		}
		return next, nil
	}, d.clock.Now())
}
