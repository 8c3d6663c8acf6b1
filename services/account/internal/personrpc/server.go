// Package personrpc answers Connect calls about people and their sessions.
package personrpc

import (
	"context"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"

	accountv1 "github.com/souk-commerce/souk/api/gen/souk/account/v1"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/token"
	"github.com/souk-commerce/souk/services/account/internal/person"
)

// AccessLife is how long an access token is good: short, since it cannot be
// taken back.
const AccessLife = 15 * time.Minute

// The cookies that browsers keep. Scripts cannot read them.
const (
	accessCookie  = "souk_at"
	refreshCookie = "souk_rt"
)

// Server implements SessionService and AccountService.
type Server struct {
	desk   *person.Desk
	signer *token.Signer
	clock  clock.Clock
}

// New returns a server.
func New(desk *person.Desk, signer *token.Signer, c clock.Clock) *Server {
	return &Server{desk, signer, c}
}

// asGuest is the guest that the caller is until now.
func asGuest(ctx context.Context) string {
	if c := rpc.Caller(ctx); c.Role == rpc.Guest {
		return c.Subject
	}
	return ""
}

func header(ctx context.Context) http.Header {
	if info, ok := connect.CallInfoForHandlerContext(ctx); ok {
		return info.RequestHeader()
	}
	return http.Header{}
}

func cookie(ctx context.Context, name string) string {
	r := http.Request{Header: header(ctx)}
	if c, err := r.Cookie(name); err == nil {
		return c.Value
	}
	return ""
}

func setCookie(ctx context.Context, name, value string, life time.Duration) {
	info, ok := connect.CallInfoForHandlerContext(ctx)
	if !ok {
		return
	}
	c := http.Cookie{
		Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.EqualFold(header(ctx).Get("X-Forwarded-Proto"), "https"), MaxAge: int(life / time.Second),
	}
	if value == "" {
		c.MaxAge = -1
	}
	info.ResponseHeader().Add("Set-Cookie", c.String())
}

// grant hands a session to its bearer: in cookies, and in the body when asked.
func (s *Server) grant(ctx context.Context, g person.Grant, inBody bool) (*accountv1.Session, error) {
	access, err := s.signer.Sign(token.Claims{
		Subject: g.Session.Subject, Role: string(g.Session.Role), Session: g.Session.ID, Guest: g.Session.Guest,
	}, AccessLife)
	if err != nil {
		return nil, err
	}
	setCookie(ctx, accessCookie, access, AccessLife)
	if g.Refresh != "" {
		setCookie(ctx, refreshCookie, g.Refresh, g.Session.Role.Life())
	}
	out := fromGrant(g, s.clock.Now().Add(AccessLife))
	if inBody {
		out.AccessToken, out.RefreshToken = access, g.Refresh
	}
	return out, nil
}

// EnsureSession implements the RPC.
func (s *Server) EnsureSession(ctx context.Context, _ *accountv1.EnsureSessionRequest) (*accountv1.EnsureSessionResponse, error) {
	g, err := s.desk.Refresh(ctx, cookie(ctx, refreshCookie))
	if err != nil {
		if g, err = s.desk.Guest(ctx); err != nil {
			return nil, err
		}
	}
	out, err := s.grant(ctx, g, false)
	return &accountv1.EnsureSessionResponse{Session: out}, err
}

// SignIn implements the RPC.
func (s *Server) SignIn(ctx context.Context, req *accountv1.SignInRequest) (*accountv1.SignInResponse, error) {
	g, err := s.desk.SignIn(ctx, req.GetEmail(), req.GetPassword(), asGuest(ctx))
	if err != nil {
		return nil, err
	}
	out, err := s.grant(ctx, g, req.GetReturnTokens())
	return &accountv1.SignInResponse{Session: out}, err
}

// Refresh implements the RPC.
func (s *Server) Refresh(ctx context.Context, req *accountv1.RefreshRequest) (*accountv1.RefreshResponse, error) {
	refresh := req.GetRefreshToken()
	if refresh == "" {
		refresh = cookie(ctx, refreshCookie)
	}
	g, err := s.desk.Refresh(ctx, refresh)
	if err != nil {
		return nil, err
	}
	out, err := s.grant(ctx, g, req.GetReturnTokens())
	return &accountv1.RefreshResponse{Session: out}, err
}

// SignOut implements the RPC.
func (s *Server) SignOut(ctx context.Context, req *accountv1.SignOutRequest) (*accountv1.SignOutResponse, error) {
	refresh := req.GetRefreshToken()
	if refresh == "" {
		refresh = cookie(ctx, refreshCookie)
	}
	if err := s.desk.SignOut(ctx, refresh); err != nil {
		return nil, err
	}
	setCookie(ctx, accessCookie, "", 0)
	setCookie(ctx, refreshCookie, "", 0)
	return &accountv1.SignOutResponse{}, nil
}

// Register implements the RPC.
func (s *Server) Register(ctx context.Context, req *accountv1.RegisterRequest) (*accountv1.RegisterResponse, error) {
	g, err := s.desk.Register(ctx, req.GetEmail(), req.GetPassword(), req.GetName(), asGuest(ctx))
	if err != nil {
		return nil, err
	}
	out, err := s.grant(ctx, g, req.GetReturnTokens())
	return &accountv1.RegisterResponse{Session: out}, err
}

// GetProfile implements the RPC.
func (s *Server) GetProfile(ctx context.Context, _ *accountv1.GetProfileRequest) (*accountv1.GetProfileResponse, error) {
	a, err := s.desk.Profile(ctx, rpc.Caller(ctx).Subject)
	if err != nil {
		return nil, err
	}
	return &accountv1.GetProfileResponse{Profile: fromAccount(a)}, nil
}

// UpdateProfile implements the RPC.
func (s *Server) UpdateProfile(ctx context.Context, req *accountv1.UpdateProfileRequest) (*accountv1.UpdateProfileResponse, error) {
	a, err := s.desk.Rename(ctx, rpc.Caller(ctx).Subject, req.GetName())
	if err != nil {
		return nil, err
	}
	return &accountv1.UpdateProfileResponse{Profile: fromAccount(a)}, nil
}

// ChangePassword implements the RPC.
func (s *Server) ChangePassword(ctx context.Context, req *accountv1.ChangePasswordRequest) (*accountv1.ChangePasswordResponse, error) {
	caller := rpc.Caller(ctx)
	if err := s.desk.ChangePassword(ctx, caller.Subject, caller.Session, req.GetOldPassword(), req.GetNewPassword()); err != nil {
		return nil, err
	}
	return &accountv1.ChangePasswordResponse{}, nil
}

// ListAddresses implements the RPC.
func (s *Server) ListAddresses(ctx context.Context, _ *accountv1.ListAddressesRequest) (*accountv1.ListAddressesResponse, error) {
	all, err := s.desk.Addresses(ctx, rpc.Caller(ctx).Subject)
	if err != nil {
		return nil, err
	}
	out := &accountv1.ListAddressesResponse{}
	for _, a := range all {
		out.Addresses = append(out.Addresses, fromAddress(a))
	}
	return out, nil
}

// SaveAddress implements the RPC.
func (s *Server) SaveAddress(ctx context.Context, req *accountv1.SaveAddressRequest) (*accountv1.SaveAddressResponse, error) {
	a, err := s.desk.SaveAddress(ctx, rpc.Caller(ctx).Subject, toAddress(req.GetAddress()))
	if err != nil {
		return nil, err
	}
	return &accountv1.SaveAddressResponse{Address: fromAddress(a)}, nil
}

// DeleteAddress implements the RPC.
func (s *Server) DeleteAddress(ctx context.Context, req *accountv1.DeleteAddressRequest) (*accountv1.DeleteAddressResponse, error) {
	if err := s.desk.DeleteAddress(ctx, rpc.Caller(ctx).Subject, req.GetId()); err != nil {
		return nil, err
	}
	return &accountv1.DeleteAddressResponse{}, nil
}
