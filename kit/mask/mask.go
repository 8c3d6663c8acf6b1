// Package mask finds numbers that look like those of payment cards, so that they
// are neither taken in nor written down where they do not belong.
//
// A number looks like a card's when its length and first digits are those that
// card networks use and its check digit is right (ISO/IEC 7812-1). Phone numbers
// are shorter; hashes and UUIDs are left alone. About one in a hundred other
// numbers of sixteen digits is taken for a card's: nothing is known of them that
// would tell them apart.
package mask

import "strings"

// Word stands where a number was.
const Word = "[card number]"

// Has tells whether a text has a card's number in it.
func Has(text string) bool {
	_, _, found := next(text, 0)
	return found
}

// Text returns a text with Word in place of cards' numbers.
func Text(text string) string {
	start, end, found := next(text, 0)
	if !found {
		return text
	}
	var b strings.Builder
	from := 0
	for ; found; start, end, found = next(text, from) {
		b.WriteString(text[from:start])
		b.WriteString(Word)
		from = end
	}
	b.WriteString(text[from:])
	return b.String()
}

const (
	fewest = 14
	most   = 19
)

// next finds the first number that begins at or after from.
func next(text string, from int) (start, end int, found bool) {
	for start = from; start < len(text); start++ {
		if !digit(text[start]) || start > from && digit(text[start-1]) {
			continue
		}
		if end, found = card(text, start); found && !hash(text, start, end) {
			return start, end, true
		}
	}
	return 0, 0, false
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// card reads groups of digits from start on, and tells where a card's number ends
// if they begin with one.
func card(text string, start int) (end int, found bool) {
	var number [most]byte
	n, at := 0, start
	for {
		for ; at < len(text) && digit(text[at]); at++ {
			if n == most {
				return 0, false
			}
			number[n] = text[at]
			n++
		}
		if n >= fewest && looks(number[:n]) {
			return at, true
		}
		gap := separator(text[at:])
		if gap == 0 || at+gap >= len(text) || !digit(text[at+gap]) {
			return 0, false
		}
		at += gap
	}
}

// separators are what people and programs put between groups of digits.
var separators = []string{" ", "-", "+", ".", "\u00a0", "%20", "%C2%A0", `\u00a0`, "_"}

func separator(text string) int {
	for _, s := range separators {
		if strings.HasPrefix(text, s) {
			return len(s)
		}
	}
	return 0
}

func looks(number []byte) bool {
	two, three, four := value(number[:2]), value(number[:3]), value(number[:4])
	ours := false
	switch len(number) {
	case 14: // Diners Club
		ours = two == 36 || two == 38 || three >= 300 && three <= 305
	case 15: // American Express
		ours = two == 34 || two == 37
	case 16: // Visa, Mastercard, Discover, UnionPay, JCB
		ours = number[0] == '4' || two >= 51 && two <= 55 || four >= 2221 && four <= 2720 || number[0] == '6' || four >= 3528 && four <= 3589
	case 17, 18, 19: // UnionPay, Maestro, some of Visa's
		ours = number[0] == '6' || number[0] == '4' && len(number) == 19
	}
	return ours && luhn(number)
}

func value(digits []byte) (n int) {
	for _, d := range digits {
		n = n*10 + int(d-'0')
	}
	return n
}

func luhn(number []byte) bool {
	sum := 0
	for i := range number {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// hashLength is longer than a number with a few letters beside it.
const hashLength = 24

// hash tells whether digits are part of something hexadecimal: a hash, a UUID.
func hash(text string, start, end int) bool {
	letters := false
	hex := func(c byte) bool {
		letter := c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
		letters = letters || letter
		return letter || digit(c) || c == '-'
	}
	for start > 0 && hex(text[start-1]) {
		start--
	}
	for end < len(text) && hex(text[end]) {
		end++
	}
	return letters && end-start >= hashLength
}
