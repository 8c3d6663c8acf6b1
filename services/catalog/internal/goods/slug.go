package goods

import (
	"regexp"
	"strings"

	"github.com/gosimple/slug" // transliterates every script to ascii; pure, no I/O
)

// longestSlug leaves room for a suffix below the API's 200.
const longestSlug = 120

var slugFormat = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Slug makes an address from a title: "Crème brûlée!" → "creme-brulee". A title
// that leaves nothing, or what looks like an id, gives fallback.
func Slug(title, fallback string) string {
	text := slug.MakeLang(title, "en")
	text = strings.ReplaceAll(text, "_", "-")
	if len(text) > longestSlug {
		text = text[:longestSlug]
		if cut := strings.LastIndexByte(text, '-'); cut > longestSlug/2 {
			text = text[:cut]
		}
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '-' })
	if text = strings.Join(parts, "-"); !validSlug(text) {
		return fallback
	}
	return text
}

var idFormat = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// validSlug tells whether a slug may be an address. What looks like an id may
// not: lists take either in the same place.
func validSlug(text string) bool {
	return len(text) <= 200 && slugFormat.MatchString(text) && !idFormat.MatchString(text)
}
