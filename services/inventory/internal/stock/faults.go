package stock

import "github.com/souk-commerce/souk/kit/fault"

// What can be wrong. The reasons are part of the API.
var (
	// ErrShort names the SKUs in Meta["skus"], one a line: a SKU may have a comma.
	ErrShort         = fault.New(fault.Refused, "stock_short", "There is not enough in stock.")
	ErrExpired       = fault.New(fault.Refused, "reservation_expired", "The reservation has expired and the units were sold to others.")
	ErrNoReservation = fault.New(fault.NotFound, "reservation_not_found", "There is no such reservation.")
	ErrReleased      = fault.New(fault.Refused, "reservation_released", "The reservation was given up; make a new one.")
	ErrCommitted     = fault.New(fault.Refused, "reservation_committed", "The reservation was sold already; return the units instead.")
	ErrOtherLines    = fault.New(fault.Refused, "reservation_differs", "This reservation was made with other lines.")
	ErrReturn        = fault.New(fault.Refused, "return_too_many", "More would be returned than was sold.")
	ErrNotSold       = fault.New(fault.Refused, "reservation_not_committed", "Only what was sold can be returned.")
	ErrKeyReused     = fault.New(fault.Refused, "idempotency_key_reused", "This key was used for another adjustment.")
	ErrPageToken     = fault.New(fault.Invalid, "page_token", "This page token is not one of ours.")

	errName    = fault.New(fault.Invalid, "name_invalid", "This is no name for an article or a location.")
	errWords   = fault.New(fault.Invalid, "text_invalid", "This text has signs that cannot be kept.")
	errTooMany = fault.New(fault.Invalid, "units_out_of_range", "This is more than a shelf can hold.")
	errNothing = fault.New(fault.Invalid, "units_zero", "Zero units change nothing.")
	errComing  = fault.New(fault.Invalid, "units_negative", "What is received or returned is more than zero.")
)
