package browsertest

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

var shots = flag.String("browsertest.shots", "", "put a picture of each page into this directory")

const patience = 30 * time.Second // for a page

// browser is one tab of a browser that nobody else uses.
type browser struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // it is the tab
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	require.NotEmpty(t, path, "no browser on the path: install Debian's package chromium")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to sandbox for root
	}
	allocator, release := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for the browser to end
		end()
		release()
	})
	require.NoError(t, chromedp.Run(ctx), "the browser does not start")
	return &browser{t: t, ctx: ctx}
}

// do acts on the page, and waits no longer than a person would.
func (b *browser) do(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	require.NoError(b.t, chromedp.Run(ctx, actions...))
}

// open goes to an address and returns the status of what came.
func (b *browser) open(address string) int64 {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, chromedp.Navigate(address))
	require.NoError(b.t, err)
	return response.Status
}

// click follows what is clicked, through all redirects, to an element of the page that
// comes, and returns the status of that page.
func (b *browser) click(selector, arrives string) int64 {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, chromedp.Click(selector, chromedp.ByQuery))
	require.NoError(b.t, err)
	b.do(chromedp.WaitVisible(arrives, chromedp.ByQuery))
	return response.Status
}

// text returns what a person reads in an element.
func (b *browser) text(selector string) (text string) {
	b.t.Helper()
	b.do(chromedp.Text(selector, &text, chromedp.ByQuery, chromedp.NodeVisible))
	return text
}

func (b *browser) address() (address string) {
	b.t.Helper()
	b.do(chromedp.Location(&address))
	return address
}

// has reports whether there is such an element.
func (b *browser) has(selector string) (found bool) {
	b.t.Helper()
	b.do(chromedp.Evaluate(`document.querySelector(`+quote(selector)+`) !== null`, &found))
	return found
}

// lastRequest returns a function that tells the last address that begins like prefix
// and was asked for from now on.
func (b *browser) lastRequest(prefix string) func() string {
	var last atomic.Value
	last.Store("")
	chromedp.ListenTarget(b.ctx, func(event any) {
		if e, ok := event.(*network.EventRequestWillBeSent); ok && strings.HasPrefix(e.Request.URL, prefix) {
			last.Store(e.Request.URL)
		}
	})
	return func() string { return last.Load().(string) }
}

// width is how far the page reaches, and how wide the window is.
func (b *browser) width() (page, window int64) {
	b.t.Helper()
	b.do(chromedp.Evaluate(`document.documentElement.scrollWidth`, &page), chromedp.Evaluate(`window.innerWidth`, &window))
	return page, window
}

// looks are what people's screens are like.
var looks = []struct {
	name, scheme string
	width        int64
}{{"wide", "light", 1280}, {"dark", "dark", 1280}, {"narrow", "light", 390}}

// look shows the page on each screen: it must not reach beyond the window.
func (b *browser) look(name string) {
	b.t.Helper()
	for _, l := range looks {
		scheme := emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme}})
		b.do(chromedp.EmulateViewport(l.width, 900), scheme)
		reaches, window := b.width()
		require.LessOrEqual(b.t, reaches, window, "%s, %s: the page is wider than the window", name, l.name)
		if *shots == "" {
			continue
		}
		var picture []byte
		b.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
			picture, err = page.CaptureScreenshot().WithCaptureBeyondViewport(true).Do(ctx)
			return err
		}))
		require.NoError(b.t, os.MkdirAll(*shots, 0o750))
		require.NoError(b.t, os.WriteFile(filepath.Join(*shots, name+"-"+l.name+".png"), picture, 0o600))
	}
	b.do(chromedp.EmulateViewport(1280, 900))
}
