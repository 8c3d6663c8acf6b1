package cache

import (
	"net/http"
	"strings"
	"time"
)

// parseDate reads a date as strictly as it is to be written (RFC 9110 §5.6.7):
// what is nearly one may mean something else to who wrote it.
func parseDate(text string) (time.Time, bool) {
	if zone := len(text) - len("GMT"); zone > 0 && strings.EqualFold(text[zone:], "GMT") {
		text = text[:zone] + "GMT"
	}
	for _, layout := range []string{http.TimeFormat, time.RFC850, time.ANSIC} {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		// Whatever day of the week that is, it is said in other words, too.
		_, written, _ := strings.Cut(text, " ")
		_, exact, _ := strings.Cut(t.Format(layout), " ")
		if strings.EqualFold(written, exact) {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
