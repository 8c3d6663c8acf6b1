package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/souk-commerce/souk/kit/fault"
)

var errShort = fault.New(fault.Refused, "stock_short", "Not enough in stock.")

func TestFaultIsItselfWhateverWasAdded(t *testing.T) {
	cause := errors.New("check violated")
	err := fmt.Errorf("reserve: %w", errShort.About("sku", "A").Because(cause).Saying("Only %d left.", 2).On("lines[0]", "too many"))
	for _, target := range []error{errShort, cause} {
		if !errors.Is(err, target) {
			t.Errorf("%v is not %v", err, target)
		}
	}
	if errors.Is(err, fault.New(fault.Refused, "other", "")) {
		t.Error("it is another reason, too")
	}
	f, ok := fault.As(err)
	if !ok || f.Sentence != "Only 2 left." || f.Meta["sku"] != "A" || len(f.Fields) != 1 {
		t.Errorf("As = %+v, %v", f, ok)
	}
	if errShort.Meta != nil || errShort.Cause != nil || errShort.Fields != nil {
		t.Errorf("the original changed: %+v", errShort)
	}
	if got := fault.KindOf(err); got != fault.Refused {
		t.Errorf("KindOf = %v", got)
	}
	if got := fault.KindOf(cause); got != fault.Internal {
		t.Errorf("KindOf(plain) = %v", got)
	}
}
