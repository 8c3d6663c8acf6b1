package main_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"

	"connectrpc.com/connect"

	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	"github.com/souk-commerce/souk/api/gen/souk/order/v1/orderv1connect"
)

// client is one of a crowd, with a connection of its own to each service it calls.
type client struct {
	checkout orderv1connect.CheckoutServiceClient
	stock    inventoryv1connect.ReservationServiceClient
	lanes    []*lane
}

func (l *load) client() *client {
	c := &client{}
	to := func(part string) (connect.HTTPClient, string) {
		way := &lane{address: strings.TrimPrefix(l.parts[part], "http://")}
		c.lanes = append(c.lanes, way)
		return way, l.parts[part]
	}
	plain := connect.WithAcceptCompression("gzip", nil, nil) // as services ask each other
	way, url := to("order")
	c.checkout = orderv1connect.NewCheckoutServiceClient(way, url, plain)
	way, url = to("inventory")
	c.stock = inventoryv1connect.NewReservationServiceClient(way, url, plain)
	return c
}

func (c *client) close() {
	for _, way := range c.lanes {
		way.close()
	}
}

// lane is an HTTP/1.1 connection over which one call is made after the other. Like
// a connection of pgbench, it needs neither a pool nor goroutines, which would take
// a good part of the machine from the shop.
type lane struct {
	address string
	conn    net.Conn
	in      *bufio.Reader
	out     *bufio.Writer
}

// Do implements connect.HTTPClient.
func (w *lane) Do(req *http.Request) (*http.Response, error) {
	if w.conn == nil {
		conn, err := new(net.Dialer).DialContext(req.Context(), "tcp", w.address)
		if err != nil {
			return nil, err
		}
		// Head and body are sent together: the writer is not to know of ReadFrom.
		w.conn, w.in, w.out = conn, bufio.NewReader(conn), bufio.NewWriter(struct{ io.Writer }{conn})
	}
	resp, err := w.ask(req)
	if err != nil {
		w.close()
	}
	return resp, err
}

func (w *lane) ask(req *http.Request) (*http.Response, error) {
	if err := req.Write(w.out); err != nil {
		return nil, err
	}
	if err := w.out.Flush(); err != nil {
		return nil, err
	}
	return http.ReadResponse(w.in, req)
}

func (w *lane) close() {
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}
