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
	switch topic {
	case stock.TopicAvailability:
		return availabilityChanged(fact)
	case stock.TopicLow:
		return stockLow(fact)
	}
	return bus.Announcement{}, fmt.Errorf("unknown topic %q", topic)
}

func availabilityChanged(fact []byte) (bus.Announcement, error) {
	var a stock.AvailabilityChanged
	if err := json.Unmarshal(fact, &a); err != nil {
		return bus.Announcement{}, err
	}
	return bus.Announcement{
		Message:       &inventoryv1.AvailabilityChanged{Sku: string(a.SKU), Available: a.Available, Backorder: a.Backorder, Version: a.Version},
		SurrogateKeys: []string{"sku/" + string(a.SKU)},
	}, nil
}

func stockLow(fact []byte) (bus.Announcement, error) {
	var l stock.StockLow
	if err := json.Unmarshal(fact, &l); err != nil {
		return bus.Announcement{}, err
	}
	return bus.Announcement{Message: &inventoryv1.StockLow{Sku: string(l.SKU), Available: l.Available, Threshold: l.Threshold, Version: l.Version}}, nil
}
