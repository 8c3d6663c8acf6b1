package person

// Registered is the event that an account was made.
type Registered struct{ ID, Email, Name string }

// TopicRegistered is where Registered is told.
const TopicRegistered = "account.registered"
