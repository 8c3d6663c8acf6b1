// Package findbleve is the embedded engine: Bleve matches and ranks words, and
// documents held in memory answer filters, facets and sorts. It needs no server
// and no files: what it holds is read from the database at start.
package findbleve

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/custom"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/keyword"
	"github.com/blevesearch/bleve/v2/analysis/char/asciifolding"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/analysis/token/lowercase"
	"github.com/blevesearch/bleve/v2/analysis/token/porter"
	"github.com/blevesearch/bleve/v2/analysis/tokenizer/unicode"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search/query"

	"github.com/souk-commerce/souk/services/search/internal/find"
)

// Engine implements find.Engine.
type Engine struct {
	index  bleve.Index
	words  analysis.Analyzer
	stems  analysis.Analyzer
	mu     sync.RWMutex
	docs   map[string]find.Document
	browse []find.Document // newest first; nil when it has to be made again
}

// Names of our analyzers and of the fields that they make.
const (
	plain   = "souk_words"
	stemmed = "souk_stems"

	fieldTitle = "title" // stems of the title
	fieldText  = "text"  // stems of everything
	fieldWords = "words" // words of title, brand, categories, facts and tags as they are written
	fieldCode  = "code"  // SKUs and barcodes
)

// New returns an empty engine.
func New() (*Engine, error) {
	m, err := newMapping()
	if err != nil {
		return nil, err
	}
	index, err := bleve.NewUsing("", m, scorch.Name, scorch.Name, nil)
	if err != nil {
		return nil, fmt.Errorf("search engine: %w", err)
	}
	return &Engine{index: index, words: m.AnalyzerNamed(plain), stems: m.AnalyzerNamed(stemmed), docs: map[string]find.Document{}}, nil
}

func newMapping() (*mapping.IndexMappingImpl, error) {
	m := bleve.NewIndexMapping()
	fold := []string{asciifolding.Name}
	for name, filters := range map[string][]string{
		plain:   {lowercase.Name},
		stemmed: {en.PossessiveName, lowercase.Name, en.StopName, porter.Name},
	} {
		if err := m.AddCustomAnalyzer(name, map[string]any{
			"type": custom.Name, "char_filters": fold, "tokenizer": unicode.Name, "token_filters": filters,
		}); err != nil {
			return nil, err
		}
	}
	doc := bleve.NewDocumentStaticMapping()
	field := func(analyzer string) *mapping.FieldMapping {
		f := bleve.NewTextFieldMapping()
		f.Analyzer, f.Store, f.IncludeInAll, f.IncludeTermVectors, f.DocValues = analyzer, false, false, false, false
		return f
	}
	doc.AddFieldMappingsAt(fieldTitle, field(stemmed))
	doc.AddFieldMappingsAt(fieldText, field(stemmed))
	doc.AddFieldMappingsAt(fieldWords, field(plain))
	code := field(keyword.Name)
	doc.AddFieldMappingsAt(fieldCode, code)
	m.DefaultMapping = doc
	return m, nil
}

// Close implements find.Engine.
func (e *Engine) Close() error { return e.index.Close() }

// Count implements find.Engine.
func (e *Engine) Count() int {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return len(e.docs)
}

// Put implements find.Engine.
func (e *Engine) Put(_ context.Context, docs []find.Document) error {
	batch := e.index.NewBatch()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, d := range docs {
		old, known := e.docs[d.ID]
		if !d.Published {
			delete(e.docs, d.ID)
			batch.Delete(d.ID)
			continue
		}
		e.docs[d.ID] = d.Folded()
		if known && old.Version == d.Version && old.Told.Equal(d.Told) {
			continue // only the stock has changed, and words do not tell of it
		}
		if err := batch.Index(d.ID, fields(d)); err != nil {
			return fmt.Errorf("index %s: %w", d.ID, err)
		}
	}
	e.browse = nil
	if batch.Size() == 0 {
		return nil
	}
	return e.index.Batch(batch)
}

func fields(d find.Document) map[string]any {
	words := []string{d.Title, d.Brand}
	for _, c := range d.Categories {
		words = append(words, c.Name)
	}
	for _, f := range d.Facts {
		words = append(words, f.Value)
	}
	words = append(words, d.Tags...)
	codes := make([]string, 0, len(d.SKUs)+len(d.Barcodes))
	for _, c := range append(slices.Clone(d.SKUs), d.Barcodes...) {
		codes = append(codes, strings.ToLower(c))
	}
	all := strings.Join(words, " . ")
	return map[string]any{fieldTitle: d.Title, fieldWords: all, fieldText: all + " . " + d.Summary + " . " + d.Text, fieldCode: codes}
}

// Search implements find.Engine.
func (e *Engine) Search(ctx context.Context, q find.Query) (find.Result, error) {
	q = q.Clean()
	matches, err := e.matches(ctx, q.Text)
	if err != nil {
		return find.Result{}, err
	}
	return q.Narrow(matches), nil
}

// matches returns what a text finds, the best first; without a text everything,
// the newest first.
func (e *Engine) matches(ctx context.Context, text string) ([]find.Document, error) {
	if text == "" {
		return e.everything(), nil
	}
	found, err := e.run(ctx, e.meaning(text, true))
	if err == nil && len(found) == 0 {
		found, err = e.run(ctx, e.meaning(text, false))
	}
	return found, err
}

func (e *Engine) everything() []find.Document {
	e.mu.RLock()
	all := e.browse
	e.mu.RUnlock()
	if all != nil {
		return all
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	all = make([]find.Document, 0, len(e.docs))
	for _, d := range e.docs {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b find.Document) int {
		return cmp.Or(inStockFirst(a, b), b.Created.Compare(a.Created), strings.Compare(a.ID, b.ID))
	})
	e.browse = all
	return all
}

func inStockFirst(a, b find.Document) int {
	switch {
	case a.InStock == b.InStock:
		return 0
	case a.InStock:
		return -1
	}
	return 1
}

// soldOut is how much less a match is worth when it cannot be bought.
const soldOut = 0.5

func (e *Engine) run(ctx context.Context, q query.Query) ([]find.Document, error) {
	if q == nil {
		return nil, nil
	}
	request := bleve.NewSearchRequestOptions(q, max(e.Count(), 1), 0, false)
	found, err := e.index.SearchInContext(ctx, request)
	if err != nil {
		return nil, err
	}
	type scored struct {
		doc   find.Document
		score float64
	}
	matches := make([]scored, 0, len(found.Hits))
	e.mu.RLock()
	for _, hit := range found.Hits {
		if d, ok := e.docs[hit.ID]; ok {
			score := hit.Score
			if !d.InStock {
				score *= soldOut
			}
			matches = append(matches, scored{d, score})
		}
	}
	e.mu.RUnlock()
	slices.SortStableFunc(matches, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), b.doc.Created.Compare(a.doc.Created), strings.Compare(a.doc.ID, b.doc.ID))
	})
	docs := make([]find.Document, len(matches))
	for i, m := range matches {
		docs[i] = m.doc
	}
	return docs, nil
}

const mostTerms = 12

// meaning turns a text into a query. Every word has to be found, or any of them:
// as a stem, as the beginning of a word when it is the last, and with typos in
// proportion to its length. The whole text may also be a SKU or barcode.
func (e *Engine) meaning(text string, every bool) query.Query {
	words := tokens(e.words, text)
	var parts []query.Query
	for i, word := range words[:min(len(words), mostTerms)] {
		if part := e.word(word, i == len(words)-1); part != nil {
			parts = append(parts, part)
		}
	}
	code := bleve.NewTermQuery(strings.ToLower(text))
	code.SetField(fieldCode)
	code.SetBoost(20)
	if len(parts) == 0 {
		return code
	}
	var said query.Query = bleve.NewConjunctionQuery(parts...)
	if !every {
		said = bleve.NewDisjunctionQuery(parts...)
	}
	return bleve.NewDisjunctionQuery(said, code)
}

func (e *Engine) word(word string, last bool) query.Query {
	var ways []query.Query
	term := func(field, value string, boost float64) {
		q := bleve.NewTermQuery(value)
		q.SetField(field)
		q.SetBoost(boost)
		ways = append(ways, q)
	}
	stems := tokens(e.stems, word)
	if len(stems) == 0 && !last {
		return nil // a stop word
	}
	for _, stem := range stems {
		term(fieldTitle, stem, 4)
		term(fieldText, stem, 1)
	}
	term(fieldWords, word, 3)
	if last {
		q := bleve.NewPrefixQuery(word)
		q.SetField(fieldWords)
		q.SetBoost(1.5)
		ways = append(ways, q)
	}
	if typos := allowed(word); typos > 0 {
		q := bleve.NewFuzzyQuery(word)
		q.SetField(fieldWords)
		q.SetFuzziness(typos)
		q.SetBoost(0.5)
		ways = append(ways, q)
	}
	return bleve.NewDisjunctionQuery(ways...)
}

// allowed is how many typos a word may have.
func allowed(word string) int {
	switch n := len([]rune(word)); {
	case n < 4:
		return 0
	case n < 7:
		return 1
	}
	return 2
}

func tokens(a analysis.Analyzer, text string) []string {
	var out []string
	for _, t := range a.Analyze([]byte(text)) {
		out = append(out, string(t.Term))
	}
	return out
}

// plain is a text as its words, without case, accents and signs.
func (e *Engine) plain(text string) string { return strings.Join(tokens(e.words, text), " ") }

// Suggest implements find.Engine.
func (e *Engine) Suggest(ctx context.Context, text, currency string, limit int) (find.Suggestions, error) {
	q := find.Query{Text: text, Currency: currency, PageSize: limit}.Clean()
	if q.Text == "" {
		return find.Suggestions{}, nil
	}
	matches, err := e.matches(ctx, q.Text)
	if err != nil {
		return find.Suggestions{}, err
	}
	out := find.Suggestions{Products: matches[:min(len(matches), limit)]}
	counts := map[find.Category]int{}
	for _, d := range e.everything() {
		for _, c := range d.Categories {
			counts[c]++
		}
	}
	// A name matches from the beginning of one of its words on.
	typed := e.plain(q.Text)
	for c := range counts {
		if typed == "" || !strings.Contains(" "+e.plain(c.Name), " "+typed) {
			delete(counts, c)
		}
	}
	for c, n := range counts {
		out.Categories = append(out.Categories, find.Value{Value: c.Slug, Label: c.Name, Count: n})
	}
	slices.SortFunc(out.Categories, func(a, b find.Value) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Label, b.Label))
	})
	out.Categories = out.Categories[:min(len(out.Categories), 4)]
	return out, nil
}
