// Package salebus tells what happened to orders, and hears what happens to
// their payments.
package salebus

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"

	pb "github.com/souk-commerce/souk/api/gen/souk/order/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/services/order/internal/sale"
	"github.com/souk-commerce/souk/services/order/internal/saleproto"
)

// Announce turns stored facts into messages.
func Announce(topic, _ string, fact []byte) (bus.Announcement, error) {
	var o sale.Order
	if err := json.Unmarshal(fact, &o); err != nil {
		return bus.Announcement{}, err
	}
	var m proto.Message
	order := saleproto.FromOrder(o)
	switch topic {
	case sale.TopicPlaced:
		m = &pb.OrderPlaced{Order: order, Owner: o.Owner, CheckoutId: o.Checkout}
	case sale.TopicShipped:
		m = &pb.OrderShipped{Order: order, Owner: o.Owner}
	case sale.TopicDelivered:
		m = &pb.OrderDelivered{Order: order, Owner: o.Owner}
	case sale.TopicCancelled:
		m = &pb.OrderCancelled{Order: order, Owner: o.Owner}
	case sale.TopicChanged:
		m = &pb.OrderChanged{Order: order, Owner: o.Owner}
	default:
		return bus.Announcement{}, fmt.Errorf("unknown topic %q", topic)
	}
	return bus.Announcement{Message: m}, nil
}
