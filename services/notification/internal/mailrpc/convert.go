package mailrpc

import (
	"encoding/base64"
	"encoding/json"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/souk-commerce/souk/api/gen/souk/notification/v1"
	"github.com/souk-commerce/souk/services/notification/internal/mail"
)

var states = map[mail.State]pb.DeliveryState{
	mail.Queued: pb.DeliveryState_DELIVERY_STATE_QUEUED,
	mail.Sent:   pb.DeliveryState_DELIVERY_STATE_SENT,
	mail.Failed: pb.DeliveryState_DELIVERY_STATE_FAILED,
}

func fromDelivery(d mail.Delivery) *pb.Delivery {
	out := &pb.Delivery{
		Id: d.ID, Template: string(d.Template), Recipient: d.Recipient, Subject: d.Subject,
		State: states[d.State], Attempts: int32(d.Attempts), LastError: d.LastError, CreateTime: timestamppb.New(d.Created),
	}
	if !d.Sent.IsZero() {
		out.SentTime = timestamppb.New(d.Sent)
	}
	return out
}

func tokenOf(p mail.Place) string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // a string and a time
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func fromToken(token string) (*mail.Place, error) {
	if token == "" {
		return nil, nil
	}
	var p mail.Place
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		return nil, mail.ErrPageToken
	}
	return &p, nil
}
