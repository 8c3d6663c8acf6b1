// Package salepaper puts orders on paper: invoices and packing slips, as PDF.
package salepaper

import (
	"bytes"
	"strconv"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"

	"github.com/souk-commerce/souk/services/order/internal/sale"
)

// Printer implements sale.Printer.
type Printer struct {
	seller []string
	glyphs *sfnt.Font
}

// New returns a printer. The seller's name and address stand on every invoice;
// their lines are separated by "|".
func New(seller string) *Printer {
	glyphs, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		panic(err) // it is linked in
	}
	return &Printer{strings.Split(seller, "|"), glyphs}
}

// In millimetres.
const (
	margin = 20.0
	width  = 210 - 2*margin
	line   = 5.5
	bottom = 25.0
	height = 297.0
)

const family = "go"

// sheet is a document that is being written.
type sheet struct {
	*fpdf.Fpdf
	printer *Printer
}

func (p *Printer) sheet(title string, o sale.Order) *sheet {
	s := &sheet{fpdf.New("P", "mm", "A4", ""), p}
	s.AddUTF8FontFromBytes(family, "", goregular.TTF)
	s.AddUTF8FontFromBytes(family, "B", gobold.TTF)
	s.SetTitle(title+" "+o.Number, true)
	s.SetCreationDate(o.Created)
	s.SetModificationDate(o.Created)
	s.SetCatalogSort(true) // or the same order is not the same paper
	s.SetMargins(margin, margin, margin)
	s.SetAutoPageBreak(true, bottom)
	s.AliasNbPages("{pages}")
	s.SetFooterFunc(func() {
		s.SetY(-18)
		s.SetFont(family, "", 8)
		s.CellFormat(width/2, line, s.say(title+" "+o.Number), "", 0, "L", false, 0, "")
		s.CellFormat(width/2, line, strconv.Itoa(s.PageNo())+" / {pages}", "", 0, "R", false, 0, "")
	})
	s.AddPage()
	s.SetFont(family, "B", 18)
	s.MultiCell(width, 9, s.say(title), "", "L", false)
	s.plain()
	s.text("Order " + o.Number + ", " + o.Created.UTC().Format("2 January 2006"))
	s.Ln(line)
	return s
}

func (s *sheet) plain() { s.SetFont(family, "", 10) }
func (s *sheet) bold()  { s.SetFont(family, "B", 10) }

// say puts a question mark where the font has nothing.
func (s *sheet) say(text string) string {
	var b sfnt.Buffer
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		if n, err := s.printer.glyphs.GlyphIndex(&b, r); r > 0xffff || err != nil || n == 0 {
			return '?'
		}
		return r
	}, text)
}

func (s *sheet) text(text string) { s.MultiCell(width, line, s.say(text), "", "L", false) }

// block is a heading with lines below it.
type block struct {
	heading string
	lines   []string
}

// side writes blocks side by side.
func (s *sheet) side(blocks ...block) {
	start, end := s.GetY(), s.GetY()
	each := width / float64(len(blocks))
	for n, b := range blocks {
		s.SetY(start)
		write := func(text string) {
			s.SetX(margin + float64(n)*each)
			s.MultiCell(each-4, line, s.say(text), "", "L", false)
		}
		s.bold()
		write(b.heading)
		s.plain()
		for _, text := range b.lines {
			write(text)
		}
		end = max(end, s.GetY())
	}
	s.SetY(end + line)
}

// column is a column of a table.
type column struct {
	name  string
	width float64
	align string
}

// row writes a row whose texts wrap; it does not break over pages.
func (s *sheet) row(columns []column, texts ...string) {
	wrapped, most := make([][]string, len(texts)), 1
	for n, text := range texts {
		wrapped[n] = s.SplitText(s.say(text), columns[n].width-2)
		most = max(most, len(wrapped[n]))
	}
	if s.GetY()+float64(most)*line > height-bottom {
		s.AddPage()
		s.head(columns)
	}
	for m := range most {
		for n, c := range columns {
			text := ""
			if m < len(wrapped[n]) {
				text = wrapped[n][m]
			}
			s.CellFormat(c.width, line, text, "", 0, c.align, false, 0, "")
		}
		s.Ln(line)
	}
}

func (s *sheet) head(columns []column) {
	s.bold()
	for _, c := range columns {
		s.CellFormat(c.width, line, s.say(c.name), "B", 0, c.align, false, 0, "")
	}
	s.plain()
	s.Ln(line + 1)
}

func (s *sheet) pdf() ([]byte, error) {
	var b bytes.Buffer
	err := s.Output(&b)
	return b.Bytes(), err
}

func addressOf(a sale.Address) (lines []string) {
	for _, text := range []string{a.Name, a.Company, a.Line1, a.Line2, strings.TrimSpace(a.PostalCode + " " + a.City), a.Region, a.Country} {
		if text != "" {
			lines = append(lines, text)
		}
	}
	return lines
}

func named(l sale.Line) string {
	text := l.Title
	if l.Variant != "" {
		text += ", " + l.Variant
	}
	if l.ExchangeOf != "" {
		text += " (sent instead of goods that came back)"
	}
	return text + "\n" + l.SKU
}
