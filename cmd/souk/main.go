// Command souk is the whole shop in one program: `souk dev` runs all of it on a
// laptop, the other commands run its parts.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"github.com/souk-commerce/souk/kit/run"
)

// version is set when a release is built.
var version = "dev"

type cli struct {
	Dev     devCmd     `cmd:"" help:"Run the whole shop here, on embedded defaults."`
	Serve   serveCmd   `cmd:"" help:"Run services: souk serve catalog order."`
	Edge    edgeCmd    `cmd:"" help:"Run the edge: the one public address."`
	Web     webCmd     `cmd:"" help:"Run the storefront's server."`
	Migrate migrateCmd `cmd:"" help:"Bring databases of services up to date."`
	Import  importCmd  `cmd:"" help:"Import products from CSV or JSON lines into a running shop."`
	Admin   adminCmd   `cmd:"" help:"Administer a running shop."`
	Check   checkCmd   `cmd:"" help:"Look into the books of all services and say what cannot be true."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// garbage is how much of the heap may be garbage before it is collected, when GOGC
// does not say: what lives is little, and collecting it often costs more than room.
const garbage = 150

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	var c cli
	parsed := kong.Parse(&c, kong.Name("souk"), kong.UsageOnError(),
		kong.Description("Souk, a commerce platform. Settings are flags and environment variables."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}))
	os.Exit(run.Main(os.Stderr, func(ctx context.Context) error {
		parsed.BindTo(ctx, (*context.Context)(nil))
		return parsed.Run()
	}))
}

type versionCmd struct{}

// Run prints the version and what it was built from.
func (versionCmd) Run() error {
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " (" + s.Value + ")"
			}
		}
		fmt.Printf("souk %s%s, %s\n", version, revision, info.GoVersion)
		return nil
	}
	fmt.Println("souk", version)
	return nil
}
