package ui

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"pgregory.net/rapid"
)

func TestWrite(t *testing.T) {
	cases := []struct {
		name string
		node Node
		want string
	}{
		{"escapes text", P(Text(`<b>&"'`)), `<p>&lt;b&gt;&amp;&#34;&#39;</p>`},
		{"keeps attribute order", A(Href("/x"), Class("b"), ID("a")), `<a href="/x" class="b" id="a"></a>`},
		{"joins classes", Div(Class("a"), ClassIf(true, "b"), ClassIf(false, "c")), `<div class="a b"></div>`},
		{"closes no void element", Div(Br(), Input(Name("q"))), `<div><br><input name="q"></div>`},
		{"writes booleans bare", Input(Bool("disabled", true), Bool("checked", false)), `<input disabled>`},
		{"opens fragments", Ul(Each([]string{"a", "b"}, func(_ int, s string) Node { return Li(Text(s)) })), `<ul><li>a</li><li>b</li></ul>`},
		{"skips nothing", Div(nil, If(false, func() Node { panic("called") })), `<div></div>`},
		{"puts a textarea's value inside", Textarea(Value("\n<")), "<textarea>\n\n&lt;</textarea>"},
		{"ignores handlers", Button(OnClick(func() {}), Text("+")), `<button>+</button>`},
		{"replaces what HTML cannot hold", P(Text("a\x00b\xffc")), "<p>a\uFFFDb\uFFFDc</p>"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := HTML(c.node); got != c.want {
				t.Errorf("HTML = %s, want %s", got, c.want)
			}
		})
	}
}

func TestSafeAddress(t *testing.T) {
	cases := []struct{ address, want string }{
		{"/p/lamp?x=1#y", "/p/lamp?x=1#y"},
		{"https://example.com/", "https://example.com/"},
		{"mailto:a@example.com", "mailto:a@example.com"},
		{"javascript:alert(1)", invalidAddress},
		{" JaVaScript:alert(1)", invalidAddress},
		{"java\tscript:alert(1)", invalidAddress},
		{"\x01javascript:alert(1)", invalidAddress},
		{"data:text/html,<script>", invalidAddress},
		{"vbscript:x", invalidAddress},
		{"?q=a:b", "?q=a:b"},
		{"#a:b", "#a:b"},
	}
	for _, c := range cases {
		if got := safeAddress(c.address); got != c.want {
			t.Errorf("safeAddress(%q) = %q, want %q", c.address, got, c.want)
		}
	}
}

func TestElRefuses(t *testing.T) {
	for name, make := range map[string]func(){
		"script":         func() { El("script") },
		"odd tag":        func() { El("a b") },
		"handler":        func() { Attr("onclick", "x") },
		"odd attribute":  func() { Attr(`a"b`, "x") },
		"style":          func() { Attr("style", "x") },
		"srcdoc":         func() { Attr("srcdoc", "x") },
		"void's content": func() { El("br", Text("x")) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			make()
		})
	}
}

// TestHostileText draws trees with hostile values in every position and parses
// them: the parser must find exactly the tree that was meant.
func TestHostileText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := tree(3).Draw(t, "tree")
		written := HTML(tree)
		context := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
		parsed, err := html.ParseFragment(strings.NewReader(written), context)
		if err != nil {
			t.Fatal(err)
		}
		if len(parsed) != 1 {
			t.Fatalf("%d roots in %q", len(parsed), written)
		}
		compare(t, tree.(*element), parsed[0], written)
	})
}

func compare(t *rapid.T, want *element, got *html.Node, written string) {
	if got.Type != html.ElementNode || got.Data != want.tag {
		t.Fatalf("found %q, want <%s> in %q", got.Data, want.tag, written)
	}
	var attrs []attribute
	for _, a := range want.attrs {
		if a.kind != off && !(want.tag == "textarea" && a.name == "value") {
			attrs = append(attrs, a)
		}
	}
	if len(attrs) != len(got.Attr) {
		t.Fatalf("<%s> has attributes %v, want %v in %q", want.tag, got.Attr, attrs, written)
	}
	for i, a := range attrs {
		if got.Attr[i].Key != a.name || got.Attr[i].Val != a.value {
			t.Fatalf("attribute %v, want %v in %q", got.Attr[i], a, written)
		}
	}
	content := want.content()
	if want.tag == "textarea" {
		value, _ := want.attr("value")
		content = join([]Node{text(value)})
	}
	child := got.FirstChild
	for _, node := range content {
		if child == nil {
			t.Fatalf("<%s> lacks %v in %q", want.tag, node, written)
		}
		switch n := node.(type) {
		case text:
			if child.Type != html.TextNode || child.Data != string(n) {
				t.Fatalf("found %q, want text %q in %q", child.Data, n, written)
			}
		case *element:
			compare(t, n, child, written)
		}
		child = child.NextSibling
	}
	if child != nil {
		t.Fatalf("<%s> has more: %q in %q", want.tag, child.Data, written)
	}
}

// tree draws an element whose nesting HTML allows, so that the parser moves nothing.
func tree(depth int) *rapid.Generator[Node] {
	return rapid.Custom(func(t *rapid.T) Node {
		parts := []Part{
			Class(hostile().Draw(t, "class")),
			Attr("data-x", hostile().Draw(t, "data")),
			Href(hostile().Draw(t, "href")),
			Attr("title", hostile().Draw(t, "title")),
		}
		tag := rapid.SampledFrom([]string{"div", "section", "span", "textarea", "pre", "img", "ul"}).Draw(t, "tag")
		switch {
		case tag == "img":
			return El(tag, append(parts, Alt(hostile().Draw(t, "alt")), Attr("srcset", hostile().Draw(t, "srcset")))...)
		case tag == "textarea":
			return El("div", El(tag, append(parts, Value(hostile().Draw(t, "value")))...))
		case tag == "pre" || depth == 0:
			return El(tag, append(parts, Text(hostile().Draw(t, "text")))...)
		}
		for range rapid.IntRange(0, 3).Draw(t, "children") {
			child := Text(hostile().Draw(t, "text"))
			if rapid.Bool().Draw(t, "element") {
				child = tree(depth-1).Draw(t, "child")
			}
			if tag == "ul" {
				child = Li(child)
			}
			parts = append(parts, child)
		}
		return El(tag, parts...)
	})
}

func hostile() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.StringOf(rapid.SampledFrom([]rune("<>\"'`&=/!-; \t\n\r\f\x00abscript#"))),
		rapid.SampledFrom([]string{
			`"><script>alert(1)</script>`, `' onmouseover='x`, `</textarea><script>`, `<!--`, `-->`, `]]>`,
			`javascript:alert(1)`, `&lt;script&gt;`, `&amp`, `&#x3c;`, "\n\n<pre>", `<svg/onload=alert(1)>`,
			"x\r\ny", "\xff\xfe", `</div></div><h1>`, `data:text/html,x 1x, https://a/b 2x`,
		}),
	)
}
