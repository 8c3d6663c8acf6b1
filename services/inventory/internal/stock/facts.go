package stock

// TopicAvailability is where AvailabilityChanged is told.
const TopicAvailability = "inventory.availability_changed"

// AvailabilityChanged is the event that a SKU's availability changed.
type AvailabilityChanged struct {
	SKU       SKU
	Available int64
	Backorder bool
	Version   int64
}
