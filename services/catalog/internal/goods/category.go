package goods

import (
	"slices"
	"strings"
)

// CategoryID names a category.
type CategoryID string

// Category is a shelf of the shop. Siblings have different names.
type Category struct {
	ID          CategoryID `json:"id"`
	Slug        string     `json:"slug"`
	Name        string     `json:"name"`
	Description string     `json:"description,omitempty"`
	// Empty at the root.
	Parent   CategoryID `json:"parent,omitempty"`
	Position int32      `json:"position"`
	Image    *Image     `json:"image,omitempty"`
	// Published products here and below; counted when read.
	Products int32 `json:"products,omitempty"`
}

// Ref names a category on the way from the root.
type Ref struct {
	ID   CategoryID `json:"id"`
	Slug string     `json:"slug"`
	Name string     `json:"name"`
}

// Path is the way from the root to a category, itself last.
type Path []Ref

// Deepest is how many levels the tree may have.
const Deepest = 8

// Tree is all categories, to find ways in.
type Tree struct {
	byID     map[CategoryID]Category
	byPlace  map[place]CategoryID
	children map[CategoryID]int
}

type place struct {
	parent CategoryID
	name   string
}

// NewTree returns the tree of the categories.
func NewTree(all []Category) *Tree {
	t := &Tree{byID: map[CategoryID]Category{}, byPlace: map[place]CategoryID{}, children: map[CategoryID]int{}}
	for _, c := range all {
		t.Put(c)
	}
	return t
}

// Put adds a category, or replaces it.
func (t *Tree) Put(c Category) {
	if old, known := t.byID[c.ID]; known {
		delete(t.byPlace, place{old.Parent, Fold(old.Name)})
		t.children[old.Parent]--
	}
	t.byID[c.ID] = c
	t.byPlace[place{c.Parent, Fold(c.Name)}] = c.ID
	t.children[c.Parent]++
}

// Category returns the category with an id.
func (t *Tree) Category(id CategoryID) (Category, bool) {
	c, ok := t.byID[id]
	return c, ok
}

// Child returns the category of a name below parent; the empty parent is the root.
func (t *Tree) Child(parent CategoryID, name string) (Category, bool) {
	id, ok := t.byPlace[place{parent, Fold(name)}]
	return t.byID[id], ok
}

// Children is how many categories lie directly below parent.
func (t *Tree) Children(parent CategoryID) int { return t.children[parent] }

// Path returns the way from the root to id.
func (t *Tree) Path(id CategoryID) Path {
	var path Path
	for range 2 * Deepest {
		c, ok := t.byID[id]
		if !ok {
			break
		}
		path = append(path, Ref{c.ID, c.Slug, c.Name})
		id = c.Parent
	}
	slices.Reverse(path)
	return path
}

// Below lists a category and everything below it.
func (t *Tree) Below(id CategoryID) []CategoryID {
	var all []CategoryID
	for other := range t.byID {
		if slices.ContainsFunc(t.Path(other), func(r Ref) bool { return r.ID == id }) {
			all = append(all, other)
		}
	}
	slices.Sort(all)
	return all
}

// Fold makes names comparable: letters of either case and runs of spaces are one.
func Fold(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(name), " "))
}

// checkMove says whether c may stand where it wants to.
func (t *Tree) checkMove(c Category) error {
	if c.Parent != "" {
		if _, ok := t.byID[c.Parent]; !ok {
			return errCategory.On("parent_id", "There is no such category.")
		}
	}
	path := t.Path(c.Parent)
	if slices.ContainsFunc(path, func(r Ref) bool { return r.ID == c.ID && c.ID != "" }) {
		return errCategory.On("parent_id", "A category cannot lie below itself.")
	}
	if len(path)+1+t.height(c.ID) > Deepest {
		return errCategory.On("parent_id", "The tree would be too deep.")
	}
	if other, ok := t.Child(c.Parent, c.Name); ok && other.ID != c.ID {
		return ErrCategoryTaken
	}
	return nil
}

// height is how many levels lie below a category.
func (t *Tree) height(id CategoryID) int {
	if id == "" {
		return 0
	}
	highest, own := 0, len(t.Path(id))
	for _, below := range t.Below(id) {
		highest = max(highest, len(t.Path(below))-own)
	}
	return highest
}
