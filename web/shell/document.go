//go:build !wasm

package shell

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"strings"

	"github.com/souk-commerce/souk/web/site"
	"github.com/souk-commerce/souk/web/ui"
)

//go:embed document.html
var documentHTML string

var documentTemplate = template.Must(template.New("document").Parse(documentHTML))

// document writes a whole page: its head, the tree, and the state that the
// browser's first frame is drawn from.
func (s *Shell) document(head site.Head, body ui.Node, state site.State) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(32 << 10)
	err := documentTemplate.Execute(&out, map[string]any{
		"Lang": "en", "Name": s.config.Name, "Head": head,
		"Canonical": s.absolute(head.Canonical), "Image": s.absolute(head.Image), "Kind": kindOf(head),
		"Style": s.assets.Path("style.css"), "Theme": s.assets.Path("theme.js"), "Loader": s.assets.Path("loader.js"),
		"Icon": s.assets.Path("icon.svg"), "Exec": s.assets.Path("wasm_exec.js"), "Program": s.assets.Path(s.config.Program),
		"Data": s.complete(head.Data),
	})
	if err != nil {
		return nil, err
	}
	page := ui.AppendHTML(out.Bytes(), ui.Root(body))
	// encoding/json escapes <, > and &, so the element cannot be ended from within.
	data, err := json.Marshal(state)
	if err != nil {
		return nil, err
	}
	page = append(page, "\n<script type=\"application/json\" id=\""+site.StateID+"\">"...)
	page = append(page, data...)
	return append(page, "</script>\n</body>\n</html>\n"...), nil
}

func kindOf(head site.Head) string {
	if head.Kind == "" {
		return "website"
	}
	return head.Kind
}

// complete returns JSON-LD with absolute addresses: not all that read it know where
// it came from.
func (s *Shell) complete(data any) any {
	switch value := data.(type) {
	case map[string]any:
		whole := make(map[string]any, len(value))
		for name, v := range value {
			if address, ok := v.(string); ok && addressed[name] {
				v = s.absolute(address)
			}
			if addresses, ok := v.([]string); ok && addressed[name] {
				v = s.allAbsolute(addresses)
			}
			whole[name] = s.complete(v)
		}
		return whole
	case []any:
		whole := make([]any, len(value))
		for i, v := range value {
			whole[i] = s.complete(v)
		}
		return whole
	}
	return data
}

// addressed are the properties of JSON-LD that hold addresses.
var addressed = map[string]bool{"url": true, "item": true, "image": true, "target": true}

func (s *Shell) allAbsolute(addresses []string) []string {
	whole := make([]string, len(addresses))
	for i, address := range addresses {
		whole[i] = s.absolute(address)
	}
	return whole
}

// absolute returns address with the shop's origin.
func (s *Shell) absolute(address string) string {
	if strings.HasPrefix(address, "/") {
		return s.config.Origin + address
	}
	return address
}
