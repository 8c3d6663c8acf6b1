package pay

// TopicChanged is where a payment is told whenever its state changes.
const TopicChanged = "payment.changed"
