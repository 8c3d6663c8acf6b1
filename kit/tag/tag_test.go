package tag_test

import (
	"slices"
	"strings"
	"testing"
	"testing/quick"

	"github.com/souk-commerce/souk/kit/tag"
)

func TestJoin(t *testing.T) {
	for _, c := range []struct {
		name string
		keys []string
		want string
	}{
		{"leaves plain keys alone", []string{"product/42", "sku/MUG-1"}, "product/42 sku/MUG-1"},
		{"escapes spaces", []string{"sku/MUG RED"}, "sku/MUG%20RED"},
		{"escapes what escapes", []string{"sku/100%", "sku/%20"}, "sku/100%25 sku/%2520"},
		{"escapes letters that no header takes", []string{"sku/Größe\n"}, "sku/Gr%C3%B6%C3%9Fe%0A"},
		{"leaves the empty out", []string{"", "a", ""}, "a"},
	} {
		if got := tag.Join(c.keys); got != c.want {
			t.Errorf("Join %s: %q gives %q, want %q", c.name, c.keys, got, c.want)
		}
	}
}

func TestSplitForgivesBrokenEscapes(t *testing.T) {
	if got := tag.Split("a%zz b", " c%20d"); !slices.Equal(got, []string{"a%zz", "b", "c d"}) {
		t.Errorf("Split gives %q", got)
	}
}

// Whatever the keys: a header takes them, and what is read is what was written.
func TestWhatIsWrittenIsRead(t *testing.T) {
	holds := func(keys []string) bool {
		keys = slices.DeleteFunc(keys, func(k string) bool { return k == "" })
		header := tag.Join(keys)
		return !strings.ContainsFunc(header, func(r rune) bool { return r < ' ' || r > '~' }) && slices.Equal(tag.Split(header), keys)
	}
	if err := quick.Check(holds, nil); err != nil {
		t.Error(err)
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"", "a b", "%", "%2", "%zz", "a%20b", "\x00\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		keys := tag.Split(header)
		if again := tag.Split(tag.Join(keys)); !slices.Equal(again, slices.DeleteFunc(keys, func(k string) bool { return k == "" })) {
			t.Errorf("%q was read as %q, and written and read again as %q", header, keys, again)
		}
	})
}
