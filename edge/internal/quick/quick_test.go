package quick

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// memory answers every plain question, as page does.
type memory struct{}

func (memory) Answer(to []byte, q *Question) (answer, body []byte, ok bool) {
	if bytes.HasPrefix(q.Target(), []byte("/behind")) {
		return nil, nil, false
	}
	text := say(string(q.Host()), string(q.Target()), string(q.Cookie()), string(q.AcceptEncoding()))
	to = append(to, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "+strconv.Itoa(len(text))+"\r\n\r\n"...)
	if q.Head() {
		return to, nil, true
	}
	return to, []byte(text), true
}

func say(host, target, cookie, accept string) string {
	return fmt.Sprintf("host %q target %q cookie %q accept %q", host, target, cookie, accept)
}

// page answers what net/http understands.
func page(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	text := say(r.Host, r.RequestURI, strings.Join(r.Header["Cookie"], ", "), strings.Join(r.Header["Accept-Encoding"], ", "))
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		text = r.Method + " " + text
	}
	if len(body) > 0 {
		text += fmt.Sprintf(" body %q", body)
	}
	w.Header().Set("Content-Type", "text/plain")
	io.WriteString(w, text)
}

// serve opens a server, with us in front of it or not, and returns its address.
func serve(t testing.TB, quick bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if quick {
		l = Listen(l, memory{})
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	server := &http.Server{Handler: http.HandlerFunc(page), Protocols: &protocols}
	var running sync.WaitGroup
	running.Go(func() { server.Serve(l) })
	t.Cleanup(func() { server.Close(); running.Wait() })
	return address
}

// talk sends what somebody says, and returns what is answered, as far as it matters.
func talk(t testing.TB, address, said string, pieces int) (answers []string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	size := max(1, (len(said)+pieces-1)/pieces)
	for from := 0; from < len(said); from += size {
		if _, err := io.WriteString(c, said[from:min(from+size, len(said))]); err != nil {
			break // it was closed, which the answers tell
		}
	}
	c.(*net.TCPConn).CloseWrite()
	in := bufio.NewReader(c)
	for {
		// HEAD or not is told by who asked; a body that follows would be read as an answer.
		method := http.MethodGet
		if n := len(answers); n < strings.Count(said, "HEAD ") && strings.HasPrefix(said, "HEAD ") {
			method = http.MethodHead
		}
		resp, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			return answers
		}
		body, _ := io.ReadAll(resp.Body)
		answers = append(answers, fmt.Sprintf("%d %s", resp.StatusCode, body))
	}
}

const host = "Host: shop.example\r\n"

// attacks are requests by which two programs that read one connection one after the
// other could be brought to read it differently.
var attacks = []string{
	"GET / HTTP/1.1\r\n" + host + "\r\n",
	"GET / HTTP/1.1\r\n" + host + "\r\nGET /2 HTTP/1.1\r\n" + host + "\r\n",
	"GET / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhello",
	"GET / HTTP/1.1\r\n" + host + "Content-Length: 33\r\n\r\nGET /inner HTTP/1.1\r\n" + host + "\r\n",
	"GET / HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\nGET /2 HTTP/1.1\r\n" + host + "\r\n",
	"GET / HTTP/1.1\r\n" + host + "content-length : 5\r\n\r\nhello",
	"GET / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
	"GET / HTTP/1.1\r\n" + host + "Content-Length: +5\r\n\r\nhello",
	"GET / HTTP/1.1\r\n" + host + "Content-Length: 0x5\r\n\r\nhello",
	"GET / HTTP/1.1\r\n" + host + "Content-Length: 5, 5\r\n\r\nhello",
	"GET / HTTP/1.1\r\n" + host + "Content-Length:\r\n\r\nhello",
	"GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\nGET /inner HTTP/1.1\r\n" + host + "\r\n",
	"GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Foo: bar\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Foo: bar\r\n\tbaz\r\n\r\n",
	"GET / HTTP/1.1\r\n Foo: bar\r\n" + host + "\r\n",
	"GET / HTTP/1.1\r\n" + host + "Foo: bar\nContent-Length: 5\r\n\r\nhello",
	"GET / HTTP/1.1\n" + "Host: shop.example\n\n",
	"GET / HTTP/1.1\r\n" + host + "Foo: a\rContent-Length: 5\r\n\r\nhello",
	"GET / HTTP/1.1\r\n" + host + "Foo: a\x00b\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Fo\x00o: a\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Foo bar: a\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + ": a\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Foo\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Foo: \x7f\r\n\r\n",
	"GET / HTTP/1.1\r\n\r\n",
	"GET / HTTP/1.1\r\nHost:\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Host: evil.example\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: shop.example/../x\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: shop.example@evil.example\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: shop.example, evil.example\r\n\r\n",
	"GET http://evil.example/ HTTP/1.1\r\n" + host + "\r\n",
	"GET //evil.example/ HTTP/1.1\r\n" + host + "\r\n",
	"GET /a/../b HTTP/1.1\r\n" + host + "\r\n",
	"GET /a%2f..%2fb HTTP/1.1\r\n" + host + "\r\n",
	"GET /a%00b HTTP/1.1\r\n" + host + "\r\n",
	"GET /a%zz HTTP/1.1\r\n" + host + "\r\n",
	"GET /a\\b HTTP/1.1\r\n" + host + "\r\n",
	"GET /a#b HTTP/1.1\r\n" + host + "\r\n",
	"GET /a?b#c HTTP/1.1\r\n" + host + "\r\n",
	"GET /a\tb HTTP/1.1\r\n" + host + "\r\n",
	"GET /\xc3\xa9 HTTP/1.1\r\n" + host + "\r\n",
	"GET * HTTP/1.1\r\n" + host + "\r\n",
	"GET  / HTTP/1.1\r\n" + host + "\r\n",
	"GET /  HTTP/1.1\r\n" + host + "\r\n",
	"GET\t/ HTTP/1.1\r\n" + host + "\r\n",
	"GET / HTTP/1.0\r\n" + host + "\r\n",
	"GET / HTTP/1.0\r\n\r\n",
	"GET / HTTP/2.0\r\n" + host + "\r\n",
	"GET / HTTP/1.1x\r\n" + host + "\r\n",
	"GET / http/1.1\r\n" + host + "\r\n",
	"GET /\r\n\r\n",
	"GET / HTTP/1.1 \r\n" + host + "\r\n",
	"get / HTTP/1.1\r\n" + host + "\r\n",
	"GETS / HTTP/1.1\r\n" + host + "\r\n",
	"\r\nGET / HTTP/1.1\r\n" + host + "\r\n",
	"\r\n\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n",
	" GET / HTTP/1.1\r\n" + host + "\r\n",
	"POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhelloGET /2 HTTP/1.1\r\n" + host + "\r\n",
	"GET /1 HTTP/1.1\r\n" + host + "\r\nPOST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhelloGET /2 HTTP/1.1\r\n" + host + "\r\n",
	"OPTIONS / HTTP/1.1\r\n" + host + "\r\n",
	"DELETE / HTTP/1.1\r\n" + host + "\r\nGET /2 HTTP/1.1\r\n" + host + "\r\n",
	"CONNECT evil.example:443 HTTP/1.1\r\n" + host + "\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Connection: close\r\n\r\nGET /2 HTTP/1.1\r\n" + host + "\r\n",
	"GET / HTTP/1.1\r\n" + host + "Connection: Cookie\r\nCookie: a=b\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Connection: keep-alive\r\n\r\nGET /2 HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Upgrade: websocket\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Expect: 100-continue\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Trailer: Foo\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "TE: trailers\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Cookie: a=b\r\nCookie: c=d\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Accept-Encoding: br\r\naccept-encoding: gzip\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "Cookie:  a=b \t\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "X-HTTP-Method-Override: DELETE\r\nX-Original-URL: /admin\r\n\r\n",
	"GET / HTTP/1.1\r\n" + host + "X-Long: " + strings.Repeat("x", 9000) + "\r\n\r\nGET /2 HTTP/1.1\r\n" + host + "\r\n",
	"GET /" + strings.Repeat("x", 9000) + " HTTP/1.1\r\n" + host + "\r\n",
	"GET / HTTP/1.1\r\n" + host + strings.Repeat("X-Many: x\r\n", 500) + "\r\n",
	"HEAD / HTTP/1.1\r\n" + host + "\r\n",
	"GET / HTTP/1.1\r\n" + host + "\r\nG",
	"GET / HTTP/1.1\r\n" + host + "\r\nGARBAGE\r\n\r\n",
	"GET /behind HTTP/1.1\r\n" + host + "\r\nGET /2 HTTP/1.1\r\n" + host + "\r\n",
	"GET /1 HTTP/1.1\r\n" + host + "\r\nGET /behind HTTP/1.1\r\n" + host + "\r\nGET /3 HTTP/1.1\r\n" + host + "\r\n",
	"GE", "GET", "GET /", "GET / HTTP/1.1\r\nHost: x\r\n", "",
}

// Whatever comes, the answers are those of net/http alone: each request is read by
// one program, or by both in the same way.
func TestAttacksAreReadAsNetHTTPReadsThem(t *testing.T) {
	with, without := serve(t, true), serve(t, false)
	if len(attacks) < 60 {
		t.Fatalf("only %d attacks", len(attacks))
	}
	for _, said := range attacks {
		want := talk(t, without, said, 1)
		for _, pieces := range []int{1, 7} {
			if got := talk(t, with, said, pieces); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%.120q in %d pieces:\n got %q\nwant %q", said, pieces, got, want)
			}
		}
	}
}

func TestPlainQuestionsAreAnsweredHere(t *testing.T) {
	for _, said := range []string{
		"GET /p/shirt?a=b&c=%20 HTTP/1.1\r\nhost: shop.example:8080\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: text/html,*/*;q=0.8\r\nAccept-Encoding: gzip, br\r\n" +
			"Sec-Fetch-Site: none\r\nCookie: a=b\r\nConnection: keep-alive\r\nAuthorization: Bearer x.y.z\r\n\r\n",
		"HEAD / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
	} {
		var r request
		if v, n := parse([]byte(said), &r); v != plain || n != len(said) {
			t.Errorf("%q: %v after %d bytes of %d", said, v, n, len(said))
		}
	}
}

// What is plain for us, net/http reads in the same way, to the last byte.
func FuzzParse(f *testing.F) {
	for _, said := range attacks {
		f.Add([]byte(said))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		var r request
		v, n := parse(said, &r)
		if v != plain {
			return
		}
		in := bufio.NewReader(bytes.NewReader(said))
		theirs, err := http.ReadRequest(in)
		if err != nil {
			t.Fatalf("%q: net/http says %v", said[:n], err)
		}
		rest, _ := io.ReadAll(in)
		method := http.MethodGet
		if r.head {
			method = http.MethodHead
		}
		if theirs.Method != method || theirs.RequestURI != string(r.target) || theirs.Host != string(r.host) || theirs.ContentLength != 0 ||
			len(theirs.TransferEncoding) > 0 || theirs.Close || !theirs.ProtoAtLeast(1, 1) || len(rest) != len(said)-n {
			t.Fatalf("%q: net/http reads %+v and leaves %q", said[:n], theirs, rest)
		}
		for name, own := range map[string][]byte{"Cookie": r.cookie, "Accept-Encoding": r.accept, "If-None-Match": r.match, "X-Forwarded-For": r.forwarded, "X-Forwarded-Proto": r.proto} {
			if lines := theirs.Header[name]; len(lines) > 1 || len(lines) == 1 && lines[0] != string(own) || len(lines) == 0 && own != nil {
				t.Fatalf("%q: %s is %q for net/http, and %q for us", said[:n], name, lines, own)
			}
		}
		for _, name := range changing {
			if theirs.Header.Get(name) != "" {
				t.Fatalf("%q: %s changes what is asked for", said[:n], name)
			}
		}
	})
}

func TestClosingEndsIdleConnections(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Listen(inner, memory{})
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\n"+host+"\r\n")
	in := bufio.NewReader(c)
	if _, err := http.ReadResponse(in, nil); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.Copy(io.Discard, in); err != nil {
		t.Errorf("the connection is still open: %v", err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("a closed listener accepts")
	}
}
