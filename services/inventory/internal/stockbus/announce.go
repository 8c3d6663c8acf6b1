// Package stockbus tells what happened to stock.
package stockbus

import (
	"encoding/json"
	"fmt"

	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/services/inventory/internal/stock"
)

// Announce turns stored facts into messages.
func Announce(topic, _ string, fact []byte) (bus.Announcement, error) {
	if topic != stock.TopicAvailability {
		return bus.Announcement{}, fmt.Errorf("unknown topic %q", topic)
	}
	var a stock.AvailabilityChanged
	if err := json.Unmarshal(fact, &a); err != nil {
		return bus.Announcement{}, err
	}
	return bus.Announcement{
		Message:       &inventoryv1.AvailabilityChanged{Sku: string(a.SKU), Available: a.Available, Backorder: a.Backorder, Version: a.Version},
		SurrogateKeys: []string{"sku/" + string(a.SKU)},
	}, nil
}
