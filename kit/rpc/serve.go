package rpc

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"
)

// Server serves mounts on a listener, over HTTP/1.1 and HTTP/2 without TLS,
// together with /healthz, /readyz, gRPC health and reflection.
type Server struct {
	name     string
	listener net.Listener
	http     *http.Server
}

// drainTime is how long open calls may take to finish when the server stops.
const drainTime = 15 * time.Second

// NewServer returns a server that runs when Run is called. Ready is asked by
// /readyz and by gRPC health: nil means ready.
func NewServer(name string, listener net.Listener, mounts []Mount, ready func(context.Context) error, log *slog.Logger) *Server {
	mux := http.NewServeMux()
	var services []string
	for _, m := range mounts {
		mux.Handle(m.Path, m.Handler)
		if service := strings.Trim(m.Path, "/"); strings.HasPrefix(service, "souk.") {
			services = append(services, service)
		}
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := ready(r.Context()); err != nil {
			log.WarnContext(r.Context(), "not ready", "part", name, "error", err)
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte("ready\n"))
	})
	mux.Handle(grpchealth.NewHandler(health{services, ready}))
	reflector := grpcreflect.NewStaticReflector(services...)
	mux.Handle(grpcreflect.NewHandlerV1(reflector))
	mux.Handle(grpcreflect.NewHandlerV1Alpha(reflector))
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &Server{name: name, listener: listener, http: &http.Server{
		Handler: mux, Protocols: &protocols, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
}

// Name implements run.Part.
func (s *Server) Name() string { return s.name }

// Addr is where the server listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Run serves until ctx ends, then finishes what is open.
func (s *Server) Run(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- s.http.Serve(s.listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := s.http.Shutdown(drain); err != nil {
		s.http.Close()
	}
	if err := <-ended; err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type health struct {
	services []string
	ready    func(context.Context) error
}

// Check implements grpchealth.Checker.
func (h health) Check(ctx context.Context, req *grpchealth.CheckRequest) (*grpchealth.CheckResponse, error) {
	if h.ready(ctx) != nil {
		return &grpchealth.CheckResponse{Status: grpchealth.StatusNotServing}, nil
	}
	return &grpchealth.CheckResponse{Status: grpchealth.StatusServing}, nil
}
