package sale

// PaymentStatus is where the money of an order stands.
type PaymentStatus string

// The statuses of money.
const (
	Authorized        PaymentStatus = "authorized"
	PaidFor           PaymentStatus = "paid"
	PartiallyRefunded PaymentStatus = "partially_refunded"
	Refunded          PaymentStatus = "refunded"
	Voided            PaymentStatus = "voided"
)

// PaymentStatus tells where the money stands. What is on its way back counts.
func (o *Order) PaymentStatus() PaymentStatus {
	back := o.Refunded()
	switch {
	case !o.Captured && o.Status == Cancelled:
		return Voided
	case !o.Captured:
		return Authorized
	case back.Minor <= 0:
		return PaidFor
	case back.Minor < o.Totals.Total.Minor:
		return PartiallyRefunded
	}
	return Refunded
}

// FulfilmentStatus is where the goods of an order stand.
type FulfilmentStatus string

// The statuses of goods.
const (
	Unfulfilled       FulfilmentStatus = "unfulfilled"
	PartiallyShipped  FulfilmentStatus = "partially_shipped"
	AllShipped        FulfilmentStatus = "shipped"
	AllDelivered      FulfilmentStatus = "delivered"
	PartiallyReturned FulfilmentStatus = "partially_returned"
	AllReturned       FulfilmentStatus = "returned"
	NothingToSend     FulfilmentStatus = "cancelled"
)

// FulfilmentStatus tells where the goods stand.
func (o *Order) FulfilmentStatus() FulfilmentStatus {
	var open, shipped, returned int64
	for _, l := range o.Lines {
		open, shipped, returned = open+l.Open(), shipped+l.Shipped, returned+l.Returned
	}
	switch {
	case open > 0 && shipped > 0:
		return PartiallyShipped
	case open > 0:
		return Unfulfilled
	case shipped == 0:
		return NothingToSend
	case returned == shipped:
		return AllReturned
	case returned > 0:
		return PartiallyReturned
	case o.Status == Delivered:
		return AllDelivered
	}
	return AllShipped
}
