package kittest_test

import (
	"path/filepath"
	"testing"

	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/kittest/sqltext"
)

func TestMain(m *testing.M) { kittest.Main(m) }

func TestPlatformStatements(t *testing.T) {
	for _, name := range []string{"crdb", "bus"} {
		t.Run(name, func(t *testing.T) {
			kittest.Prepare(t, sqltext.Folder{Dir: filepath.Join("..", name)})
		})
	}
}
