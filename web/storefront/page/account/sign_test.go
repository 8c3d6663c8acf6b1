package account

import "testing"

func TestSafeNext(t *testing.T) {
	cases := []struct{ next, want string }{
		{"/orders", "/orders"},
		{"/p/a?x=1", "/p/a?x=1"},
		{"", "/account"},
		{"https://evil.example", "/account"},
		{"//evil.example", "/account"},
		{"/\\evil.example", "/account"},
		{"/\t/evil.example", "/account"},
		{"javascript:alert(1)", "/account"},
	}
	for _, c := range cases {
		if got := SafeNext(c.next, Home); got != c.want {
			t.Errorf("SafeNext(%q) = %q, want %q", c.next, got, c.want)
		}
	}
}
