package mask_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/kit/mask"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"4242424242424242":                                   "[card number]",
		"4242 4242 4242 4242":                                "[card number]",
		"4242-4242-4242-4242":                                "[card number]",
		"4242.4242.4242.4242":                                "[card number]",
		"4242\u00a04242\u00a04242\u00a04242":                 "[card number]",
		"q=4242+4242+4242+4242&x":                            "q=[card number]&x",
		"q=4242%204242%204242%204242":                        "q=[card number]",
		"my card is 5555555555554444, thanks":                "my card is [card number], thanks",
		"378282246310005":                                    "[card number]",
		"3782 822463 10005":                                  "[card number]",
		"30569309025904":                                     "[card number]",
		"6011111111111117":                                   "[card number]",
		"3566002020360505":                                   "[card number]",
		"6205500000000000004":                                "[card number]",
		"2223003122003222":                                   "[card number]",
		"4242 4242 4242 4242 12 34 123":                      "[card number] 12 34 123",
		"12 4242 4242 4242 4242":                             "12 [card number]",
		"4242424242424242 and 4000 0000 0000 3220":           "[card number] and [card number]",
		"card4242424242424242x":                              "card[card number]x",
		`{"note":"4242424242424242"}`:                        `{"note":"[card number]"}`,
		"4242424242424243":                                   "4242424242424243", // the check digit is wrong
		"1234567812345670":                                   "1234567812345670", // no network's
		"424242424242424242424242":                           "424242424242424242424242",
		"+49 151 23456789":                                   "+49 151 23456789",
		"+1 (415) 555-0132":                                  "+1 (415) 555-0132",
		"2026-11-23T13:40:14.123456789Z":                     "2026-11-23T13:40:14.123456789Z",
		"1790000000000000000":                                "1790000000000000000",
		"a1b2c3d4-4242-4242-4242-424242424242":               "a1b2c3d4-4242-4242-4242-424242424242",
		"e3b0c44298fc1c144242424242424242e4649b934ca495991b": "e3b0c44298fc1c144242424242424242e4649b934ca495991b",
		"Visa ending in 4242":                                "Visa ending in 4242",
		"":                                                   "",
	} {
		if got := mask.Text(text); got != want || mask.Has(text) != (got != text) {
			t.Errorf("Text(%q) = %q, Has = %v; want %q", text, got, mask.Has(text), want)
		}
	}
}

func TestUUIDsAreLeftAlone(t *testing.T) {
	for range 200_000 {
		if id := uuid.NewString(); mask.Has(id) {
			t.Fatalf("%s is taken for a card's number", id)
		}
	}
}

// However a number is grouped and whatever is around it, none of it is left.
func TestNothingIsLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.SampledFrom([]string{"4242424242424242", "5555555555554444", "378282246310005", "6011111111111117"}).Draw(t, "number")
		separator := rapid.SampledFrom([]string{"", " ", "-", "%20", "+", "."}).Draw(t, "separator")
		written := number[:1]
		for i := 1; i < len(number); i++ {
			if rapid.Bool().Draw(t, "gap") {
				written += separator
			}
			written += number[i : i+1]
		}
		around := rapid.StringMatching(`[g-z :,"/]{0,12}`)
		before, after := around.Draw(t, "before"), around.Draw(t, "after")
		if got := mask.Text(before + written + after); got != before+mask.Word+after {
			t.Fatalf("Text(%q) = %q", before+written+after, got)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add("4242 4242 4242 4242")
	f.Fuzz(func(t *testing.T, text string) {
		once := mask.Text(text)
		if strings.Count(once, mask.Word) < strings.Count(text, mask.Word) {
			t.Errorf("Text(%q) = %q", text, once)
		}
	})
}

func TestWriter(t *testing.T) {
	var to bytes.Buffer
	w := mask.Writer(&to)
	for _, line := range []string{"fine\n", "4242424242424242\n"} {
		if n, err := w.Write([]byte(line)); n != len(line) || err != nil {
			t.Errorf("Write(%q) = %d, %v", line, n, err)
		}
	}
	if got := to.String(); got != "fine\n[card number]\n" {
		t.Errorf("written: %q", got)
	}
}
