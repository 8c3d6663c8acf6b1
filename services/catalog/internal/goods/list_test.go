package goods

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const someID = "6f1c2f0e-1111-4222-8333-444455556666"

func TestTokensBringBackTheirCursor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Product{ID: someID, Title: rapid.String().Draw(t, "title")}
		want := cursorAt(p, ByTitle, "list", "USD")
		token := want.Token()
		if len(token) > longestToken {
			t.Fatalf("a token of %d bytes", len(token))
		}
		got, err := ParseToken(token, ByTitle, "list")
		if err != nil || *got != want {
			t.Fatalf("ParseToken: %+v, %v; want %+v", got, err, want)
		}
		if _, err := ParseToken(token, ByTitle, "other list"); err == nil {
			t.Fatal("a token was taken for another list")
		}
		if _, err := ParseToken(token, Newest, "list"); err == nil {
			t.Fatal("a token was taken for another order")
		}
	})
}

func TestTheLongestTitleHasATokenThatFits(t *testing.T) {
	for _, letter := range []string{"日", "🫖", "<", `"`, "\u2028", "İ"} {
		p := Product{ID: someID, Title: strings.Repeat(letter, 300)}
		if n := len(cursorAt(p, ByTitle, fingerprint(1), "USD").Token()); n > longestToken {
			t.Errorf("300 × %q make a token of %d bytes", letter, n)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(Cursor{Sort: Newest, List: "l", Number: 1, ID: someID}.Token())
	f.Add("eyJzIjoibmV3ZXN0In0")
	f.Add("!")
	f.Fuzz(func(t *testing.T, token string) {
		c, err := ParseToken(token, Newest, "l")
		if err != nil || c == nil {
			return
		}
		if !idFormat.MatchString(string(c.ID)) {
			t.Errorf("a cursor at %q", c.ID)
		}
		again, err := ParseToken(c.Token(), Newest, "l")
		if err != nil || *again != *c {
			t.Errorf("%+v became %+v, %v", c, again, err)
		}
	})
}

func FuzzSlug(f *testing.F) {
	f.Add("Crème brûlée")
	f.Add("\xff_-_\x00")
	f.Add("1B4E28BA-2fa1-41d2-883f-0016d3cca427")
	f.Fuzz(func(t *testing.T, title string) {
		if got := Slug(title, "product"); !validSlug(got) || len(got) > longestSlug {
			t.Errorf("Slug(%q) = %q", title, got)
		}
	})
}
