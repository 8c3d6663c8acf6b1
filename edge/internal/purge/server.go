package purge

import (
	"context"
	"net/http"

	"connectrpc.com/connect"

	edgev1 "github.com/souk-commerce/souk/api/gen/souk/edge/v1"
	"github.com/souk-commerce/souk/api/gen/souk/edge/v1/edgev1connect"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/fault"
)

// Handler answers souk.edge.v1.CacheService.
func (p *Purger) Handler(options ...connect.HandlerOption) (path string, h http.Handler) {
	return edgev1connect.NewCacheServiceHandler(server{p}, options...)
}

type server struct{ purger *Purger }

var (
	errNotTold  = fault.New(fault.Busy, "purge_not_told", "The stream of events does not answer; please try again.")
	errNotHeard = fault.New(fault.Busy, "purge_not_heard", "The purge is told, but this edge does not hear of it yet; please try again.")
)

// Purge implements CacheService: it is told to all edges, this one among them.
func (s server) Purge(ctx context.Context, req *edgev1.PurgeRequest) (*edgev1.PurgeResponse, error) {
	sequence, err := s.purger.bus.Say(ctx, "edge", topic, "cache", bus.Announcement{
		Message: &edgev1.PurgeRequested{SurrogateKeys: req.GetSurrogateKeys(), Paths: req.GetPaths(), Soft: req.GetSoft()},
	})
	if err != nil {
		return nil, errNotTold.Because(err)
	}
	if err := s.purger.Until(ctx, sequence); err != nil {
		return nil, errNotHeard.Because(err)
	}
	return &edgev1.PurgeResponse{Sequence: sequence}, nil
}
