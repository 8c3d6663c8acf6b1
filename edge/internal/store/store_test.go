package store_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/edge/internal/store"
)

// No read gives an answer that was fetched before the last purge of one of its tags.
func TestNeverStaleAfterPurge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := store.New(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		s.Follow(0)
		tags := []string{"product/1", "product/2", "category/1"}
		type fill struct {
			key  string
			tags []string
			asOf uint64
		}
		var pending []fill
		var sequence uint64
		purged := map[string]uint64{}
		made := map[*store.Entry]fill{}
		t.Repeat(map[string]func(*rapid.T){
			"begin": func(t *rapid.T) {
				pending = append(pending, fill{
					rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"),
					[]string{rapid.SampledFrom(tags).Draw(t, "tag")}, s.Applied(),
				})
			},
			"finish": func(t *rapid.T) {
				if len(pending) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(pending)-1).Draw(t, "which")
				f := pending[i]
				pending = append(pending[:i], pending[i+1:]...)
				e := &store.Entry{Key: f.key, Bodies: map[string][]byte{"": []byte("x")}}
				made[e] = f
				s.Put(e, f.tags, f.asOf)
				s.Wait()
			},
			"purge": func(t *rapid.T) {
				sequence++
				tag := rapid.SampledFrom(tags).Draw(t, "tag")
				purged[tag] = sequence
				s.Purge([]string{tag}, sequence)
			},
			"read": func(t *rapid.T) {
				e, ok := s.Get(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"))
				if !ok {
					return
				}
				f := made[e]
				if f.asOf < purged[f.tags[0]] {
					t.Fatalf("read an answer as of %d after %s was purged at %d", f.asOf, f.tags[0], purged[f.tags[0]])
				}
			},
		})
	})
}

func TestPutIsFoundAgain(t *testing.T) {
	s, err := store.New(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Follow(0)
	e := &store.Entry{Key: "k", Bodies: map[string][]byte{"": []byte("body")}}
	s.Put(e, []string{"product/1"}, 0)
	s.Wait()
	if got, ok := s.Get("k"); !ok || got != e {
		t.Fatalf("Get = %v, %v", got, ok)
	}
	s.Purge([]string{"product/2"}, 1)
	if _, ok := s.Get("k"); !ok {
		t.Error("a purge of something else forgot it")
	}
	s.Purge([]string{"product/1"}, 2)
	if _, ok := s.Get("k"); ok {
		t.Error("the purge was not seen")
	}
}

// What changed before changes are heard cannot be noticed, so nothing is kept then.
func TestNothingIsKeptUnheard(t *testing.T) {
	s, err := store.New(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put := func(key string, asOf uint64) bool {
		s.Put(&store.Entry{Key: key, Bodies: map[string][]byte{"": nil}}, []string{"product/1"}, asOf)
		s.Wait()
		_, ok := s.Get(key)
		return ok
	}
	early := s.Applied()
	if put("before", early) {
		t.Error("an answer was kept before changes were heard")
	}
	s.Follow(7)
	if put("across", early) {
		t.Error("an answer that was asked for before changes were heard was kept")
	}
	if got := s.Applied(); got != 7 {
		t.Errorf("applied is %d, want 7", got)
	}
	if !put("after", s.Applied()) {
		t.Error("an answer asked for while changes are heard was not kept")
	}
}
