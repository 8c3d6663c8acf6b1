package crdb

// FindAnswer and KeepAnswer are what an idempotency key needs.
const (
	FindAnswer = findAnswer
	KeepAnswer = keepAnswer
)
