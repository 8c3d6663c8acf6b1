// Package payrpc answers Connect calls about payments, and providers' webhooks.
package payrpc

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"connectrpc.com/connect"

	pb "github.com/souk-commerce/souk/api/gen/souk/payment/v1"
	"github.com/souk-commerce/souk/api/gen/souk/payment/v1/paymentv1connect"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/mask"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/payment/internal/pay"
	"github.com/souk-commerce/souk/services/payment/internal/payproto"
)

// WebhookPath is where providers send their messages, followed by their name.
const WebhookPath = "/webhooks/payment/"

// Mounts returns the API's handler and the webhooks'.
func Mounts(desk *pay.Desk, audits pay.AuditStore, log *slog.Logger, options ...connect.HandlerOption) []rpc.Mount {
	path, handler := paymentv1connect.NewPaymentServiceHandler(server{desk, audits}, options...)
	return []rpc.Mount{{Path: path, Handler: handler}, {Path: WebhookPath, Handler: webhooks{desk, log}}}
}

type server struct {
	desk   *pay.Desk
	audits pay.AuditStore
}

// Authorize implements PaymentService.
func (s server) Authorize(ctx context.Context, req *pb.AuthorizeRequest) (*pb.AuthorizeResponse, error) {
	for _, text := range []string{req.GetPaymentId(), req.GetPaymentMethod(), req.GetReturnUrl(), req.GetCustomerId()} {
		if mask.Has(text) {
			return nil, pay.ErrCard // kept, it would be in our database
		}
	}
	p, err := s.desk.Authorize(ctx, pay.Wish{
		ID: req.GetPaymentId(), Amount: toMoney(req.GetAmount()), Method: req.GetPaymentMethod(), ReturnURL: req.GetReturnUrl(),
		Provider: req.GetProvider(), Country: req.GetCountryCode(), Customer: req.GetCustomerId(), Save: req.GetSaveMethod(),
	})
	if err != nil {
		return nil, err
	}
	return &pb.AuthorizeResponse{Payment: payproto.FromPayment(p)}, nil
}

// Sync implements PaymentService.
func (s server) Sync(ctx context.Context, req *pb.SyncRequest) (*pb.SyncResponse, error) {
	p, err := s.desk.Sync(ctx, req.GetPaymentId())
	if err != nil {
		return nil, err
	}
	return &pb.SyncResponse{Payment: payproto.FromPayment(p)}, nil
}

// Capture implements PaymentService.
func (s server) Capture(ctx context.Context, req *pb.CaptureRequest) (*pb.CaptureResponse, error) {
	p, err := s.desk.Capture(ctx, req.GetPaymentId())
	if err != nil {
		return nil, err
	}
	return &pb.CaptureResponse{Payment: payproto.FromPayment(p)}, nil
}

// Void implements PaymentService.
func (s server) Void(ctx context.Context, req *pb.VoidRequest) (*pb.VoidResponse, error) {
	p, err := s.desk.Void(ctx, req.GetPaymentId())
	if err != nil {
		return nil, err
	}
	return &pb.VoidResponse{Payment: payproto.FromPayment(p)}, nil
}

// Refund implements PaymentService.
func (s server) Refund(ctx context.Context, req *pb.RefundRequest) (*pb.RefundResponse, error) {
	p, err := s.desk.Refund(ctx, req.GetPaymentId(), req.GetRefundId(), toMoney(req.GetAmount()))
	if err != nil {
		return nil, err
	}
	return &pb.RefundResponse{Payment: payproto.FromPayment(p)}, nil
}

// GetPayment implements PaymentService.
func (s server) GetPayment(ctx context.Context, req *pb.GetPaymentRequest) (*pb.GetPaymentResponse, error) {
	p, err := s.desk.Payment(ctx, req.GetPaymentId())
	if err != nil {
		return nil, err
	}
	return &pb.GetPaymentResponse{Payment: payproto.FromPayment(p)}, nil
}

// GetPaymentConfig implements PaymentService.
func (s server) GetPaymentConfig(_ context.Context, req *pb.GetPaymentConfigRequest) (*pb.GetPaymentConfigResponse, error) {
	methods := s.desk.Methods(pay.Purchase{Currency: req.GetCurrencyCode(), Country: req.GetCountryCode(), Amount: req.GetAmount()})
	resp := &pb.GetPaymentConfigResponse{}
	for _, m := range methods {
		if m.Kind == pay.Card && resp.GetProvider() == "" {
			resp.Provider, resp.TokenizeUrl, resp.PublishableKey = m.Provider, m.TokenizeURL, m.PublishableKey
		}
		resp.Methods = append(resp.Methods, fromMethod(m))
	}
	return resp, nil
}

// ListSavedMethods implements PaymentService.
func (s server) ListSavedMethods(ctx context.Context, _ *pb.ListSavedMethodsRequest) (*pb.ListSavedMethodsResponse, error) {
	saved, err := s.desk.Saved(ctx, rpc.Caller(ctx).Subject)
	if err != nil {
		return nil, err
	}
	resp := &pb.ListSavedMethodsResponse{}
	for _, m := range saved {
		resp.Methods = append(resp.Methods, fromSaved(m))
	}
	return resp, nil
}

// DeleteSavedMethod implements PaymentService.
func (s server) DeleteSavedMethod(ctx context.Context, req *pb.DeleteSavedMethodRequest) (*pb.DeleteSavedMethodResponse, error) {
	if err := s.desk.Forget(ctx, rpc.Caller(ctx).Subject, req.GetProvider(), req.GetPaymentMethod()); err != nil {
		return nil, err
	}
	return &pb.DeleteSavedMethodResponse{}, nil
}

type webhooks struct {
	desk *pay.Desk
	log  *slog.Logger
}

// maxWebhook bounds a message; providers send a few kilobytes.
const maxWebhook = 256 << 10

// ServeHTTP answers 200 when the message is dealt with, 4xx when sending it again
// would not help, and 503 when it would.
func (h webhooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "send messages by POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		http.Error(w, "the message is too large", http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		http.Error(w, "the message cannot be read", http.StatusBadRequest)
		return
	}
	err = h.desk.Webhook(r.Context(), strings.TrimPrefix(r.URL.Path, WebhookPath), r.Header, body)
	switch {
	case err == nil:
		w.WriteHeader(http.StatusOK)
	case errors.Is(err, pay.ErrSignature):
		http.Error(w, "the signature is not valid", http.StatusBadRequest)
	case fault.KindOf(err) == fault.NotFound:
		http.Error(w, "no such provider", http.StatusNotFound)
	default:
		h.log.WarnContext(r.Context(), "webhook not handled; the provider sends it again", "error", err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
	}
}
