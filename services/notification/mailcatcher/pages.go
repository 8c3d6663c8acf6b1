package mailcatcher

import (
	"bytes"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"time"
)

//go:embed page
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"time": func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05") + " UTC" },
}).ParseFS(files, "page/*.html"))

const (
	pagePolicy = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// A mail is a stranger's page: nothing is loaded, nothing runs, and it has no origin.
	mailPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

// Handler shows what was caught, under /mail/.
func (c *Catcher) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /mail/{$}", c.showList)
	mux.HandleFunc("GET /mail/{id}", c.showMail)
	mux.HandleFunc("GET /mail/{id}/html", c.showHTML)
	mux.HandleFunc("GET /mail/api/messages", c.messages)
	mux.HandleFunc("GET /mail/style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "page/style.css")
	})
	return mux
}

func guard(w http.ResponseWriter, policy string) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

func (c *Catcher) show(w http.ResponseWriter, name string, data any) {
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, name, data); err != nil {
		c.log.Error("mail page not drawn", "page", name, "error", err)
		http.Error(w, "This page cannot be drawn.", http.StatusInternalServerError)
		return
	}
	guard(w, pagePolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(out.Bytes())
}

func (c *Catcher) showList(w http.ResponseWriter, r *http.Request) {
	to := r.URL.Query().Get("to")
	c.show(w, "list.html", map[string]any{"To": to, "Mails": c.list(to)})
}

func (c *Catcher) showMail(w http.ResponseWriter, r *http.Request) {
	e, m, ok := c.mail(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	c.show(w, "mail.html", map[string]any{"Entry": e, "Mail": m})
}

func (c *Catcher) showHTML(w http.ResponseWriter, r *http.Request) {
	_, m, ok := c.mail(r.PathValue("id"))
	if !ok || m.HTML == "" {
		http.NotFound(w, r)
		return
	}
	guard(w, mailPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte(m.HTML))
}

// message is a mail for programs.
type message struct {
	ID      string    `json:"id"`
	From    string    `json:"from"`
	To      []string  `json:"to"`
	Subject string    `json:"subject"`
	Date    time.Time `json:"date"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
}

func (c *Catcher) messages(w http.ResponseWriter, r *http.Request) {
	all := []message{} // [] and not null
	for _, e := range c.list(r.URL.Query().Get("to")) {
		_, raw, err := c.read(e.ID)
		if err != nil {
			continue // forgotten meanwhile
		}
		m := Parse(raw)
		all = append(all, message{ID: e.ID, From: e.From, To: e.To, Subject: m.Subject, Date: e.Time, Text: m.Text, HTML: m.HTML})
	}
	guard(w, pagePolicy)
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(all)
}
