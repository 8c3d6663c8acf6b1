package importer

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// breaks is what stands between an element and what is before it.
var breaks = map[string]string{
	"br": "\n", "tr": "\n", "dt": "\n", "dd": "\n", "li": "\n• ", "td": " ", "th": " ",
	"p": "\n\n", "div": "\n\n", "ul": "\n\n", "ol": "\n\n", "dl": "\n\n", "table": "\n\n", "section": "\n\n", "article": "\n\n",
	"blockquote": "\n\n", "hr": "\n\n", "pre": "\n\n",
	"h1": "\n\n", "h2": "\n\n", "h3": "\n\n", "h4": "\n\n", "h5": "\n\n", "h6": "\n\n",
}

// hides are elements whose content nobody is meant to read.
var hides = map[string]bool{
	"script": true, "style": true, "title": true, "iframe": true, "noscript": true, "template": true, "noembed": true, "noframes": true, "textarea": true, "svg": true,
}

var (
	spaces      = regexp.MustCompile(`[ \t\r\n\f]+`)
	aroundLines = regexp.MustCompile(` *\n *`)
	blankLines  = regexp.MustCompile(`\n{3,}`)
)

// textOf makes plain text of HTML: paragraphs parted by blank lines, items of
// lists each on a line, and nothing of scripts and styles.
func textOf(markup string) string {
	var out strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(markup))
	hidden, depth, any := "", 0, false
	for {
		switch kind := tokens.Next(); kind {
		case html.ErrorToken: // the end
			if !any { // plain text, whose lines are its own
				return html.UnescapeString(markup)
			}
			text := aroundLines.ReplaceAllString(out.String(), "\n")
			return strings.TrimSpace(blankLines.ReplaceAllString(text, "\n\n"))
		case html.CommentToken, html.DoctypeToken:
			any = true
		case html.TextToken:
			if hidden == "" {
				out.WriteString(spaces.ReplaceAllString(string(tokens.Text()), " "))
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			any = true
			name, _ := tokens.TagName()
			tag := string(name)
			switch {
			case hidden == "" && hides[tag] && kind == html.StartTagToken:
				hidden, depth = tag, 1
			case hidden == "":
				out.WriteString(pause(tag, kind))
			case tag == hidden && kind == html.StartTagToken:
				depth++
			case tag == hidden && kind == html.EndTagToken:
				if depth--; depth == 0 {
					hidden = ""
				}
			}
		}
	}
}

// pause is what a tag is in plain text.
func pause(tag string, kind html.TokenType) string {
	if kind != html.EndTagToken {
		return breaks[tag]
	}
	if strings.HasPrefix(breaks[tag], "\n\n") {
		return "\n\n"
	}
	return ""
}
