package mail

import "github.com/souk-commerce/souk/kit/fault"

// What can go wrong.
var (
	ErrNoDelivery = fault.New(fault.NotFound, "delivery_not_found", "There is no such delivery.")
	ErrNotFailed  = fault.New(fault.Refused, "delivery_not_failed", "Only a delivery that failed can be sent again.")
	ErrRecipient  = fault.New(fault.Invalid, "recipient", "This is not an e-mail address that can be written to.")
	ErrTemplate   = fault.New(fault.Invalid, "template", "There is no such template.")
	ErrPageToken  = fault.New(fault.Invalid, "page_token", "This page token is not one of ours.")
	// ErrRefused is what a Sender returns, with a cause, for a mail that the server
	// will never take.
	ErrRefused = fault.New(fault.Refused, "mail_refused", "The mail server does not take this mail.")
)
