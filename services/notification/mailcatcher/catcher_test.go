package mailcatcher_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/souk-commerce/souk/services/notification/mailcatcher"
)

var quiet = slog.New(slog.DiscardHandler)

func open(t *testing.T, dir string, keep int) *mailcatcher.Catcher {
	t.Helper()
	c, err := mailcatcher.New(mailcatcher.Config{Dir: dir, Keep: keep}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serve takes mails until the test ends, and returns where.
func serve(t *testing.T, c *mailcatcher.Catcher) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.ServeSMTP(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func get(c *mailcatcher.Catcher, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	c.Handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

type message struct {
	ID, From, Subject, Text, HTML string
	To                            []string
}

func messages(t *testing.T, c *mailcatcher.Catcher, query string) []message {
	t.Helper()
	w := get(c, "/mail/api/messages"+query)
	var all []message
	if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	return all
}

const both = "From: Souk <shop@example.com>\r\nTo: Ada <ada@example.com>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= <b>%d</b>\r\nDate: Mon, 04 May 2026 12:00:00 +0000\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n" +
	"--x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nF=C3=BCr dich\r\n" +
	"--x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pjxw\r\nPkhpPC9wPg==\r\n--x--\r\n"

func TestCaughtMailsAreThereAfterARestart(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir, 3)
	address := serve(t, c)
	for i := range 4 {
		to := []string{"ada@example.com", "bob@example.com"}[i%2]
		if err := smtp.SendMail(address, nil, "shop@example.com", []string{to}, fmt.Appendf(nil, both, i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []*mailcatcher.Catcher{c, open(t, dir, 3)} {
		all := messages(t, c, "")
		if len(all) != 3 || all[0].Subject != "Grüße <b>3</b>" || all[2].Subject != "Grüße <b>1</b>" {
			t.Fatalf("caught %+v; want the last 3, the newest first", all)
		}
		if m := all[0]; m.Text != "Für dich" || m.HTML != "<script>alert(1)</script><p>Hi</p>" || m.From != "shop@example.com" || m.To[0] != "bob@example.com" {
			t.Errorf("caught %+v", m)
		}
		if bob := messages(t, c, "?to=BOB@example.com"); len(bob) != 2 {
			t.Errorf("%d for Bob; want 2", len(bob))
		}
		if nobody := get(c, "/mail/api/messages?to=eve@example.com").Body.String(); strings.TrimSpace(nobody) != "[]" {
			t.Errorf("for nobody: %s; want []", nobody)
		}
	}
}

func TestPagesTrustNoMail(t *testing.T) {
	c := open(t, t.TempDir(), 0)
	if body := get(c, "/mail/").Body.String(); !strings.Contains(body, "Nothing was caught") {
		t.Errorf("an empty list says:\n%s", body)
	}
	if err := smtp.SendMail(serve(t, c), nil, "shop@example.com", []string{"ada@example.com"}, fmt.Appendf(nil, both, 1)); err != nil {
		t.Fatal(err)
	}
	id := messages(t, c, "")[0].ID
	for _, path := range []string{"/mail/", "/mail/" + id} {
		w := get(c, path)
		body := w.Body.String()
		if w.Code != 200 || !strings.Contains(body, "Grüße &lt;b&gt;1&lt;/b&gt;") || strings.Contains(body, "<script") {
			t.Errorf("%s: %d\n%s", path, w.Code, body)
		}
		if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
	}
	if body := get(c, "/mail/"+id).Body.String(); !strings.Contains(body, `sandbox="allow-popups allow-popups-to-escape-sandbox"`) {
		t.Errorf("the frame is not sandboxed:\n%s", body)
	}
	inner := get(c, "/mail/"+id+"/html")
	policy := inner.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "sandbox ") || strings.Contains(policy, "allow-scripts") || strings.Contains(policy, "allow-same-origin") || strings.Contains(policy, "script-src") {
		t.Errorf("a mail's HTML has the policy %q", policy)
	}
	for _, path := range []string{"/mail/nothing", "/mail/nothing/html", "/mail/..%2f..%2fetc%2fpasswd"} {
		if w := get(c, path); w.Code != 404 {
			t.Errorf("%s: %d; want 404", path, w.Code)
		}
	}
	if w := get(c, "/mail/style.css"); w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("style: %d %s", w.Code, w.Header().Get("Content-Type"))
	}
}

func TestTooLargeAMailIsRefused(t *testing.T) {
	c := open(t, t.TempDir(), 0)
	mail := io.MultiReader(strings.NewReader("Subject: large\r\n\r\n"), strings.NewReader(strings.Repeat("0123456789\r\n", 200_000)))
	raw, err := io.ReadAll(mail)
	if err != nil {
		t.Fatal(err)
	}
	if err := smtp.SendMail(serve(t, c), nil, "shop@example.com", []string{"ada@example.com"}, raw); err == nil || len(messages(t, c, "")) != 0 {
		t.Errorf("SendMail = %v, and %d were caught; want a refusal", err, len(messages(t, c, "")))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(fmt.Appendf(nil, both, 1))
	f.Add([]byte("no mail at all"))
	f.Add([]byte("Subject: =?latin9?b?x?=\n\nbare\xff"))
	f.Add([]byte("Content-Type: text/html; charset=iso-8859-1\r\n\r\n\xfcber"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := mailcatcher.Parse(raw)
		for _, text := range []string{m.From, m.To, m.Subject, m.Text, m.HTML, m.Header} {
			if !utf8.ValidString(text) {
				t.Errorf("Parse(%q) has %q, which is not UTF-8", raw, text)
			}
		}
	})
}
