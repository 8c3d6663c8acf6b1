// Package sale turns a cart into an order, and looks after the order.
//
// A Checkout is a state machine with one row, named by the client's checkout id.
// Each step makes one call to another service, which may be repeated, and then
// moves the row on; so a crash anywhere is taken up where it stopped, by
// whichever instance holds the row's lease next:
//
//	step       does                                     then                on refusal
//	price      cart and catalog: lines, totals          reserve             ended: cart_empty, cart_changed, total_changed
//	reserve    inventory: sets all lines aside          authorize           undo: stock_short
//	authorize  payment: reserves the money              place               undo: the decline's reason
//	                                                    action (3-D Secure)
//	action     payment: has the shopper confirmed?      place               undo: the decline's reason, payment_abandoned
//	place      order and order.placed, in one           capture
//	           transaction with this row
//	capture    payment: takes the money                 commit              undo, the order is cancelled
//	commit     inventory: makes it a sale               ended: it may ship  undo, the order is cancelled
//	undo       payment: voids, or gives back;           ended
//	           inventory: releases, or takes back
//
// A row is written when a checkout begins (which is when its price is known), with
// the order, when everything is done, when it waits, and before anything is
// undone. Steps in between only ask: they are written together with the next of
// these, and asked again after a crash. So a row may stand at reserve when the money
// is authorized already, and at capture when the units are sold.
//
// Money moves only after stock is held; stock is freed when money fails. A
// cancelled order goes through the same undo. A call that is not answered is
// repeated later and never taken for a no. What is not paid after twenty minutes
// is given up as checkout_expired or payment_abandoned: nobody waits for it any
// more, and it may have been bought elsewhere or anew.
package sale
