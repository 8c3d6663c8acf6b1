// Package personbus tells what happened to people.
package personbus

import (
	"encoding/json"
	"fmt"

	accountv1 "github.com/souk-commerce/souk/api/gen/souk/account/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/services/account/internal/person"
)

// Announce turns stored facts into messages.
func Announce(topic, _ string, fact []byte) (bus.Announcement, error) {
	if topic != person.TopicRegistered {
		return bus.Announcement{}, fmt.Errorf("unknown topic %q", topic)
	}
	var r person.Registered
	if err := json.Unmarshal(fact, &r); err != nil {
		return bus.Announcement{}, err
	}
	return bus.Announcement{Message: &accountv1.AccountRegistered{AccountId: r.ID, Email: r.Email, Name: r.Name}}, nil
}
