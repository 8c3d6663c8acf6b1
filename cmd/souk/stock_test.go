package main_test

import (
	"os/exec"
	"strings"
	"testing"
)

func TestAdministratorsVerifyTheStock(t *testing.T) {
	s := theShop(t)
	verify := func(more ...string) (string, error) {
		said, err := exec.CommandContext(t.Context(), binary, append([]string{"admin", "stock", "verify", "--shop", s.url}, more...)...).CombinedOutput()
		return string(said), err
	}
	said, err := verify("--data-dir", s.dir)
	if err != nil || !strings.HasSuffix(said, " SKUs checked, 0 numbers differ\n") || strings.HasPrefix(said, "0 ") {
		t.Errorf("verify: %v\n%s", err, said)
	}
	if said, err := verify("--email", "nobody@example.com", "--password", "wrong"); err == nil {
		t.Errorf("a stranger verifies: %s", said)
	}
}
