package stock

import "testing"

func TestNews(t *testing.T) {
	for _, c := range []struct {
		name          string
		before, after Availability
		want          bool
	}{
		{"the last one goes", Availability{Available: 1}, Availability{Available: 0}, true},
		{"it is back", Availability{Available: 0}, Availability{Available: 500}, true},
		{"one of few goes", Availability{Available: 128}, Availability{Available: 127}, true},
		{"few become many", Availability{Available: 128}, Availability{Available: 129}, false},
		{"one of many goes", Availability{Available: 5000}, Availability{Available: 4999}, false},
		{"an eighth of many goes", Availability{Available: 5000}, Availability{Available: 4300}, true},
		{"a sale of what was reserved", Availability{Available: 7}, Availability{Available: 7}, false},
		{"it may be backordered", Availability{Available: 5000}, Availability{Available: 5000, Backorder: true}, true},
	} {
		if got := c.after.News(c.before); got != c.want {
			t.Errorf("%s: News = %v", c.name, got)
		}
	}
}

// Going down one by one, people never think that there is a third more than there is.
func TestNewsComeInTime(t *testing.T) {
	told := Availability{Available: 1 << 20}
	last := told
	for n := told.Available - 1; n >= 0; n-- {
		now := Availability{Available: n}
		if now.News(last) {
			told = now
		}
		if last = now; told.Available-n > n/7 {
			t.Fatalf("%d are left, and %d were told of", n, told.Available)
		}
	}
}
