package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// bench is one run.
type bench struct {
	rounds, requests int
	only             string

	dir     string
	self    string
	token   string
	servers []*server
	origin  *server
	// nginx 1.22 speaks h2 at an address of its own.
	nginxH2 string
}

// server is a program that is measured.
type server struct {
	name, address string
	process       *exec.Cmd
	// Whose processor time counts: of a program that works in a child, the child.
	pid int
	// The memory that it took when it was new.
	empty int64
}

func (b *bench) run(ctx context.Context) (err error) {
	if b.dir, err = os.MkdirTemp("/dev/shm", "souk-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := os.Chmod(b.dir, 0o777); err != nil {
		return err
	}
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	defer b.end()
	if err := b.begin(ctx); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		do   func(context.Context) error
	}{{"h1", b.plain}, {"h2", b.h2}, {"storm", b.storms}, {"zipf", b.mix}} {
		if b.only == "" || strings.Contains(part.name, b.only) {
			if err := part.do(ctx); err != nil {
				return fmt.Errorf("%s: %w", part.name, err)
			}
		}
	}
	return nil
}

// begin starts all servers on one core.
func (b *bench) begin(ctx context.Context) error {
	var addresses []string
	for range 6 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		addresses = append(addresses, l.Addr().String())
		l.Close()
	}
	origin := addresses[0]
	var err error
	if b.origin, err = b.start(ctx, "origin", origin, "1", b.self, "origin", origin); err != nil {
		return err
	}
	edge, err := b.start(ctx, "edge", addresses[1], "0", b.self, "edge", addresses[1], origin)
	if err != nil {
		return err
	}
	bare, err := b.start(ctx, "net/http", addresses[2], "0", b.self, "bare", addresses[2])
	if err != nil {
		return err
	}
	conf := filepath.Join(b.dir, "nginx.conf")
	if err := os.WriteFile(conf, []byte(strings.NewReplacer("DIR", b.dir, "LISTENH2", addresses[5], "LISTEN", addresses[3], "ORIGIN", origin).Replace(nginxConf)), 0o644); err != nil {
		return err
	}
	b.nginxH2 = addresses[5]
	nginx, err := b.start(ctx, "nginx", addresses[3], "0", "nginx", "-c", conf, "-g", "daemon off;", "-e", filepath.Join(b.dir, "nginx.log"))
	if err != nil {
		return err
	}
	vcl := filepath.Join(b.dir, "bench.vcl")
	host, port, _ := net.SplitHostPort(origin)
	if err := os.WriteFile(vcl, []byte(strings.NewReplacer("HOST", host, "PORT", port).Replace(varnishVCL)), 0o644); err != nil {
		return err
	}
	varnish, err := b.start(ctx, "varnish", addresses[4], "0", "varnishd", "-F", "-f", vcl, "-a", addresses[4]+",HTTP", "-s", fmt.Sprintf("default=malloc,%dm", memoryMB), "-n", filepath.Join(b.dir, "varnish"), "-p", "feature=+http2", "-p", "thread_pools=1")
	if err != nil {
		return err
	}
	b.servers = []*server{edge, nginx, varnish, bare}
	return nil
}

const nginxConf = `worker_processes 1;
pid DIR/nginx.pid;
error_log DIR/nginx.log;
user root;
events { worker_connections 4096; }
http {
	access_log off;
	sendfile on;
	tcp_nopush on;
	keepalive_requests 1000000000;
	client_body_temp_path DIR/body;
	proxy_temp_path DIR/temp;
	fastcgi_temp_path DIR/fastcgi;
	uwsgi_temp_path DIR/uwsgi;
	scgi_temp_path DIR/scgi;
	proxy_cache_path DIR/cache levels=1:2 keys_zone=z:32m max_size=256m inactive=1h;
	open_file_cache max=10000 inactive=1h;
	server {
		listen LISTEN;
		location / {
			proxy_pass http://ORIGIN;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_cache z;
			proxy_cache_lock on;
			proxy_cache_valid 200 1h;
		}
	}
	server {
		listen LISTENH2 http2;
		location / {
			proxy_pass http://ORIGIN;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_cache z;
			proxy_cache_lock on;
			proxy_cache_valid 200 1h;
		}
	}
}
`

const varnishVCL = `vcl 4.1;
backend default { .host = "HOST"; .port = "PORT"; }
`

// start starts a server pinned to a core, and returns when it answers.
func (b *bench) start(ctx context.Context, name, address, core string, command ...string) (*server, error) {
	s := &server{name: name, address: address}
	s.process = exec.Command("taskset", append([]string{"-c", core}, command...)...)
	s.process.Env = append(os.Environ(), "GOMAXPROCS=1")
	s.process.Dir = b.dir
	s.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	said, err := os.Create(filepath.Join(b.dir, name0(name)+".err"))
	if err != nil {
		return nil, err
	}
	s.process.Stderr = said
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	b.servers = append(b.servers, s)
	lines := bufio.NewScanner(out)
	if name == "edge" && lines.Scan() {
		b.token = lines.Text()
	}
	go io.Copy(io.Discard, out)
	for until := time.Now().Add(20 * time.Second); ; {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			break
		}
		if time.Now().After(until) || ctx.Err() != nil {
			text, _ := os.ReadFile(said.Name())
			return nil, fmt.Errorf("%s does not answer: %w\n%s", name, err, text)
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.pid = s.process.Process.Pid
	if child := childOf(s.pid); child != 0 && (name == "nginx" || name == "varnish") {
		s.pid = child
	}
	s.empty, err = s.resident()
	return s, err
}

func name0(name string) string { return strings.ReplaceAll(name, "/", "-") }

func childOf(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	child, _ := strconv.Atoi(first)
	return child
}

// end ends everything that was started.
func (b *bench) end() {
	for _, s := range slices.Backward(b.servers) {
		_ = syscall.Kill(-s.process.Process.Pid, syscall.SIGTERM)
	}
	for _, s := range b.servers {
		timer := time.AfterFunc(5*time.Second, func() { _ = syscall.Kill(-s.process.Process.Pid, syscall.SIGKILL) })
		_ = s.process.Wait()
		timer.Stop()
	}
}

// spent is the processor time of a server so far.
func (s *server) spent() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0, errors.New("a strange /proc/pid/stat")
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * (time.Second / 100), nil
}

// load is a program that asks, and how many answers it says it got.
type load struct {
	command []string
	answers *regexp.Regexp
}

func wrk(url string, header ...string) load {
	command := []string{"wrk", "-t1", "-c64", "-d1s"}
	for _, h := range header {
		command = append(command, "-H", h)
	}
	return load{append(command, url), regexp.MustCompile(`(\d+) requests in`)}
}

func h2load(url string) load {
	return load{[]string{"h2load", "-t1", "-c64", "-m4", "-D", "1", url}, regexp.MustCompile(`(\d+) succeeded`)}
}

// measure is answers for a second of the server's processor time.
func (b *bench) measure(ctx context.Context, s *server, l load) (float64, error) {
	before, err := s.spent()
	if err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(ctx, "taskset", append([]string{"-c", "1"}, l.command...)...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", l.command[0], err, out)
	}
	if strings.Contains(string(out), "Non-2xx") {
		return 0, fmt.Errorf("%s fails:\n%s", s.name, out)
	}
	after, err := s.spent()
	if err != nil {
		return 0, err
	}
	found := l.answers.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("%s says nothing:\n%s", l.command[0], out)
	}
	n, _ := strconv.ParseFloat(string(found[1]), 64)
	return n / (after - before).Seconds(), nil
}

// turns measures some servers in turn, and prints their medians and ratios.
func (b *bench) turns(ctx context.Context, title string, names []string, loads map[string]load) error {
	results := map[string][]float64{}
	for range b.rounds {
		for _, name := range names {
			i := slices.IndexFunc(b.servers, func(s *server) bool { return name == s.name || strings.HasPrefix(name, s.name+" ") })
			n, err := b.measure(ctx, b.servers[i], loads[name])
			if err != nil {
				return err
			}
			results[name] = append(results[name], n)
		}
	}
	fmt.Printf("\n%s: answers for a second of the server's processor time, median of %d\n", title, b.rounds)
	for _, name := range names {
		fmt.Printf("  %-12s %8.0f", name, median(results[name]))
		for _, other := range names {
			if other == name {
				continue
			}
			var ratios []float64
			for n := range results[name] {
				ratios = append(ratios, results[name][n]/results[other][n])
			}
			fmt.Printf("   %.2f × %s", median(ratios), other)
		}
		fmt.Println()
	}
	return nil
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// warm has a page in memory everywhere.
func (b *bench) warm(path string) error {
	for _, s := range b.servers {
		for range 20 {
			resp, err := http.Get("http://" + s.address + path)
			if err != nil {
				return err
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}
	return nil
}

func (b *bench) plain(ctx context.Context) error {
	for _, path := range []string{"/p/2k/1", "/p/20k/1"} {
		if err := b.warm(path); err != nil {
			return err
		}
		names := []string{"edge", "nginx", "varnish", "net/http"}
		loads := map[string]load{}
		for _, s := range b.servers {
			loads[s.name] = wrk("http://" + s.address + path)
		}
		if path == "/p/2k/1" {
			names = append(names, "edge (JWT)")
			loads["edge (JWT)"] = wrk(loads["edge"].command[len(loads["edge"].command)-1], "Authorization: Bearer "+b.token)
		}
		if err := b.turns(ctx, "HTTP/1.1, "+path, names, loads); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) h2(ctx context.Context) error {
	if err := b.warm("/p/2k/1"); err != nil {
		return err
	}
	loads := map[string]load{}
	for _, s := range b.servers {
		loads[s.name] = h2load("http://" + s.address + "/p/2k/1")
	}
	loads["nginx"] = h2load("http://" + b.nginxH2 + "/p/2k/1")
	return b.turns(ctx, "h2c, /p/2k/1", []string{"edge", "nginx", "varnish", "net/http"}, loads)
}
