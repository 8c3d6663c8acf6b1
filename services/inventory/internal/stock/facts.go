package stock

import "math/bits"

// TopicLow is where StockLow is told.
const TopicLow = "inventory.stock_low"

// StockLow is the event that what is available fell to the threshold.
type StockLow struct {
	SKU                  SKU
	Available, Threshold int64
	Version              int64
}

// TopicAvailability is where AvailabilityChanged is told.
const TopicAvailability = "inventory.availability_changed"

// AvailabilityChanged is the event that there is News of a SKU's availability.
type AvailabilityChanged struct {
	SKU       SKU
	Available int64
	Backorder bool
	Version   int64
}

// exactly is up to how many units every single one is told of.
const exactly = 128

// News tells whether it matters to anybody who would buy: up to 128 units every
// one does, of more an eighth or so. A great stock is then told of seldom, however
// much is sold of it. A sale of what was reserved is none.
func (a Availability) News(before Availability) bool {
	a.Available, before.Available = about(a.Available), about(before.Available)
	return a != before
}

// about rounds down to the four highest binary digits of what is more than exactly.
func about(units int64) int64 {
	if units <= exactly {
		return units
	}
	rest := bits.Len64(uint64(units)) - 4
	return units >> rest << rest
}
