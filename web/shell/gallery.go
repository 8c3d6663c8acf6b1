//go:build !wasm

package shell

import (
	"net/http"

	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/ui"
	"github.com/souk-commerce/souk/web/ui/component"
)

// Gallery shows each component in all its states.
func (s *Shell) Gallery(w http.ResponseWriter, r *http.Request) {
	head := site.Head{Title: "Gallery · Souk", Canonical: "/gallery", Private: true, Static: true}
	var sections []ui.Node
	for _, show := range component.Shows() {
		sections = append(sections, ui.Section(ui.Class("stack"), ui.H2(ui.Text(show.Name)), show.Node))
	}
	page := ui.Main(ui.Class("main wrap stack stack--loose"), ui.H1(ui.Text("Gallery")), ui.Fragment(sections...))
	body, err := s.document(head, page, site.State{Address: "/gallery"})
	if err != nil {
		http.Error(w, "something went wrong", http.StatusInternalServerError)
		return
	}
	s.send(w, r, head, body)
}
