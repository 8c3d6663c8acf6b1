package sale

// What is told of orders; the whole order goes with it.
const (
	TopicPlaced    = "order.placed"
	TopicShipped   = "order.shipped"
	TopicDelivered = "order.delivered"
	TopicCancelled = "order.cancelled"
	// What is not a change of status.
	TopicChanged = "order.changed"
)
