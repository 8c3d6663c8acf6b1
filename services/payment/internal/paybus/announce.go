// Package paybus tells what happened to payments.
package paybus

import (
	"encoding/json"
	"fmt"

	pb "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/services/payment/internal/pay"
	"github.com/souk-commerce/souk/services/payment/internal/payproto"
)

// Announce turns stored facts into messages.
func Announce(topic, _ string, fact []byte) (bus.Announcement, error) {
	if topic != pay.TopicChanged {
		return bus.Announcement{}, fmt.Errorf("unknown topic %q", topic)
	}
	var p pay.Payment
	if err := json.Unmarshal(fact, &p); err != nil {
		return bus.Announcement{}, err
	}
	return bus.Announcement{Message: &pb.PaymentChanged{Payment: payproto.FromPayment(p)}}, nil
}
