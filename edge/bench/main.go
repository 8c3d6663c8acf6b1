// Command bench measures the edge beside nginx, Varnish and a bare net/http handler,
// all in one run on one machine: `make bench-edge`.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := start(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// start is the benchmark, or one of the servers in it.
func start(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "origin":
			return origin(ctx, args[1])
		case "edge":
			return serveEdge(ctx, args[1], args[2])
		case "bare":
			return bare(ctx, args[1])
		}
	}
	var b bench
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&b.rounds, "rounds", 5, "how often all servers are measured in turn")
	flags.IntVar(&b.requests, "requests", 400_000, "how many requests the Zipf mix has")
	flags.StringVar(&b.only, "only", "", "only what has this in its name: h1, h2, storm or zipf")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return b.run(ctx)
}
