package sandbox

import (
	"context"
	"crypto/subtle"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/souk-commerce/souk/api/money"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/config"
	"github.com/souk-commerce/souk/kit/crdb"
)

// Config is the provider's settings.
type Config struct {
	// As browsers reach the provider.
	PublicURL string
	// Where the shop hears of changes.
	WebhookURL            string
	Publishable           string
	Secret, WebhookSecret config.Secret
}

// Server is the provider.
type Server struct {
	cfg    Config
	books  books
	clock  clock.Clock
	log    *slog.Logger
	client *http.Client
}

// New returns the provider; Run sends its webhooks.
func New(cfg Config, db *crdb.DB, c clock.Clock, log *slog.Logger) *Server {
	cfg.PublicURL = strings.TrimSuffix(cfg.PublicURL, "/")
	return &Server{cfg: cfg, books: books{db, crdb.NewShared(db)}, clock: c, log: log, client: &http.Client{Timeout: 10 * time.Second}}
}

// Name implements run.Part.
func (*Server) Name() string { return "payment sandbox" }

// Handler answers below /sandbox/.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+TokensPath, s.tokens)
	mux.HandleFunc("OPTIONS "+TokensPath, func(w http.ResponseWriter, _ *http.Request) { openToBrowsers(w); w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("POST "+PaymentsPath, s.secret(s.authorize))
	mux.HandleFunc("GET "+PaymentsPath, s.secret(s.find))
	mux.HandleFunc("POST "+PaymentsPath+"/{id}/capture", s.secret(s.on(s.books.capture)))
	mux.HandleFunc("POST "+PaymentsPath+"/{id}/void", s.secret(s.on(s.books.void)))
	mux.HandleFunc("POST "+PaymentsPath+"/{id}/refunds", s.secret(s.refund))
	mux.HandleFunc("GET "+MethodsPath, s.secret(s.methods))
	mux.HandleFunc(http.MethodDelete+" "+MethodsPath+"/{token}", s.secret(s.forget))
	mux.HandleFunc("GET "+actionPath+"{id}", s.ask)
	mux.HandleFunc("POST "+actionPath+"{id}", s.answer)
	return mux
}

const maxBody = 16 << 10

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(into); err != nil {
		fail(w, http.StatusBadRequest, "invalid_request", "The request is not JSON that we understand.")
		return false
	}
	return true
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever has gone asks again
}

func fail(w http.ResponseWriter, status int, code, sentence string) {
	var e Error
	e.Error.Code, e.Error.Message = code, sentence
	writeJSON(w, status, e)
}

// openToBrowsers lets pages of any shop send cards here.
func openToBrowsers(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
	w.Header().Set("Access-Control-Max-Age", "600")
}

func (s *Server) tokens(w http.ResponseWriter, r *http.Request) {
	openToBrowsers(w)
	var card struct {
		Publishable string `json:"publishable_key"`
		Number      string `json:"number"`
		Month       int    `json:"exp_month"`
		Year        int    `json:"exp_year"`
		CVC         string `json:"cvc"`
	}
	if !readJSON(w, r, &card) {
		return
	}
	if card.Publishable != s.cfg.Publishable {
		fail(w, http.StatusUnauthorized, "invalid_key", "The publishable key is not known.")
		return
	}
	c, code, sentence := look(card.Number, card.Month, card.Year, card.CVC, s.clock.Now())
	if code != "" {
		fail(w, http.StatusUnprocessableEntity, code, sentence)
		return
	}
	id, err := s.books.keepToken(r.Context(), c, s.clock.Now())
	if err != nil {
		s.broken(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"token": id, "card": c.card})
}

func (s *Server) secret(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if want := s.cfg.Secret.Reveal(); want == "" || subtle.ConstantTimeCompare([]byte(key), []byte(want)) != 1 {
			fail(w, http.StatusUnauthorized, "invalid_key", "The secret key is not known.")
			return
		}
		next(w, r)
	}
}

func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	var req PaymentRequest
	if !readJSON(w, r, &req) {
		return
	}
	if req.Reference == "" || req.Amount <= 0 || len(req.Currency) != 3 || req.Save && req.Customer == "" {
		fail(w, http.StatusBadRequest, "invalid_request", "Reference, currency and amount are needed, and a customer to keep a card for.")
		return
	}
	p, behaviour, err := s.books.authorize(r.Context(), req, s.clock.Now())
	if errors.Is(err, errNone) {
		fail(w, http.StatusUnprocessableEntity, "invalid_token", "The card has to be entered again.")
		return
	}
	if err == nil && behaviour == silent {
		<-r.Context().Done() // as if the answer got lost
		return
	}
	s.show(w, r, p, err)
}

func (s *Server) find(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("created_from") {
		s.list(w, r)
		return
	}
	p, err := s.books.find(r.Context(), r.URL.Query().Get("reference"))
	s.show(w, r, p, err)
}

func (s *Server) on(f func(ctx context.Context, id string, now time.Time) (Payment, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := f(r.Context(), r.PathValue("id"), s.clock.Now())
		s.show(w, r, p, err)
	}
}

func (s *Server) refund(w http.ResponseWriter, r *http.Request) {
	var req RefundRequest
	if !readJSON(w, r, &req) {
		return
	}
	p, err := s.books.refund(r.Context(), r.PathValue("id"), req, s.clock.Now())
	s.show(w, r, p, err)
}

func (s *Server) show(w http.ResponseWriter, r *http.Request, p Payment, err error) {
	switch {
	case errors.Is(err, errNone):
		fail(w, http.StatusNotFound, "not_found", "There is no such payment.")
	case errors.Is(err, errLapsed):
		fail(w, http.StatusConflict, "authorization_expired", "The bank does not stand by this authorization any more.")
	case errors.Is(err, errRefused):
		fail(w, http.StatusConflict, "wrong_status", "This is not possible with a payment that is "+p.Status+".")
	case err != nil:
		s.broken(w, r, err)
	default:
		if p.Status == RequiresAction {
			p.ActionURL = s.cfg.PublicURL + actionPath + p.ID
		}
		writeJSON(w, http.StatusOK, p)
	}
}

func (s *Server) broken(w http.ResponseWriter, r *http.Request, err error) {
	s.log.ErrorContext(r.Context(), "sandbox call failed", "path", r.URL.Path, "error", err)
	fail(w, http.StatusInternalServerError, "internal", "Something went wrong at the provider.")
}

//go:embed action.html
var pages embed.FS

var actionPage = template.Must(template.ParseFS(pages, "action.html"))

// ask shows the bank's page of 3-D Secure.
func (s *Server) ask(w http.ResponseWriter, r *http.Request) {
	p, err := s.books.change(r.Context(), r.PathValue("id"), s.clock.Now(), func(context.Context, crdb.Tx, *Payment) error { return nil })
	if errors.Is(err, errNone) {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		s.broken(w, r, err)
		return
	}
	if p.Status != RequiresAction {
		http.Redirect(w, r, back(p), http.StatusSeeOther)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' "+origin(p.returnURL))
	w.Header().Set("Referrer-Policy", "no-referrer")
	err = actionPage.Execute(w, map[string]string{"Amount": money.Of(p.Currency, p.Amount).String(), "Card": p.Card})
	if err != nil {
		s.log.DebugContext(r.Context(), "page not sent", "error", err)
	}
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	p, err := s.books.confirm(r.Context(), r.PathValue("id"), r.PostFormValue("answer") == "confirm", s.clock.Now())
	switch {
	case errors.Is(err, errNone):
		http.NotFound(w, r)
	case err != nil:
		s.broken(w, r, err)
	default:
		http.Redirect(w, r, back(p), http.StatusSeeOther)
	}
}

// back is where the shopper came from: the shop said so under its secret key.
func back(p Payment) string {
	if origin(p.returnURL) == "" {
		return "about:blank"
	}
	return p.returnURL
}

// origin is the scheme and host of an http address, or nothing.
func origin(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.ContainsAny(u.Host, " ;,'\"") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
