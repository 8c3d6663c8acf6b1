package main_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// visit is a shopper with a browser.
type visit struct {
	t      *testing.T
	ctx    context.Context
	origin string
	width  int64
}

// visitor opens a browser for the storefront at origin.
func visitor(t *testing.T, origin string, width int64) *visit {
	t.Helper()
	if _, err := os.Stat("../../web/dist/storefront.wasm.br"); err != nil {
		t.Skip("the browser's program is not built")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.ExecPath(path), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	v := &visit{t: t, ctx: ctx, origin: origin, width: width}
	// The browser lives as long as the context that starts it.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)); err != nil {
		t.Fatal(err)
	}
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.IsException() || m.Type == "error" && m.Source != "network" {
				t.Errorf("the page complains: %s", m.Text)
			}
		}
	}()
	return v
}

// do runs actions; step names them when they fail.
func (v *visit) do(step string, actions ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		look, cancel := context.WithTimeout(v.ctx, 5*time.Second)
		defer cancel()
		text, _ := chromedp.Run(look, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText.slice(0, 900)`))
		v.t.Fatalf("%s: %v, at %s", step, err, text)
	}
}

// open loads a page and waits for the program. The page that is left notes how far
// down it was, which chromedp takes for having arrived: so it is marked, and not
// taken for the new one.
func (v *visit) open(path string) {
	v.t.Helper()
	v.ask(`document.documentElement.dataset.left = ""`)
	v.do("open "+path, chromedp.Navigate(v.origin+path), live())
}

func live() chromedp.Action[chromedp.Void] {
	return chromedp.WaitReady(chromedp.CSS(`html[data-live]:not([data-left])`))
}

func (v *visit) click(selector string) {
	v.t.Helper()
	v.do("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

func (v *visit) write(selector, text string) {
	v.t.Helper()
	v.do("write into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text, chromedp.NodeVisible))
}

func (v *visit) see(selector string) {
	v.t.Helper()
	v.do("see "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// until waits for a condition in JavaScript.
func (v *visit) until(condition string) {
	v.t.Helper()
	poll := chromedp.Poll[bool](condition, chromedp.WithPollingTimeout(30*time.Second))
	v.do("wait until "+condition, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := poll(ctx, t)
		return chromedp.Void{}, err
	})
}

// ask returns the value of an expression in JavaScript, as text.
func (v *visit) ask(expression string) string {
	v.t.Helper()
	answer, err := chromedp.Run(v.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		v.t.Fatalf("ask %s: %v", expression, err)
	}
	return answer
}

// picture leaves a picture of the page for people to look at.
func (v *visit) picture(name string) {
	v.t.Helper()
	picture, err := chromedp.Run(v.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		v.t.Fatalf("picture %s: %v", name, err)
	}
	dir := filepath.Join("..", "..", "screenshots")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("shop-%s-%d.png", name, v.width)), picture, 0o644); err != nil {
		v.t.Fatal(err)
	}
}

func (v *visit) theme(name string) {
	v.t.Helper()
	_, err := chromedp.Call(v.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}})
	if err != nil {
		v.t.Fatal(err)
	}
}
