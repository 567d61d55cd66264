package zoomauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomhook"
	"github.com/seatkit/zoom/zoomtest"
)

// A service whose customers connect their own Zoom account. Its button leads to
// /zoom/connect.
func ExampleNewHandler() {
	srv := zoomtest.NewServer() // stands for Zoom
	app := zoomauth.App{
		Region:       zoomauth.RegionEU,
		ClientID:     srv.ClientID(), // of the Marketplace, as is the secret
		ClientSecret: srv.ClientSecret(),
		RedirectURL:  "https://vendor.example/zoom/callback",
		HTTPClient:   &http.Client{Transport: srv.RoundTripper()}, // not in earnest
	}
	stores := map[string]zoomauth.TokenStore{"customer 1": &zoomauth.MemoryStore{}} // a database

	handler, err := zoomauth.NewHandler(zoomauth.HandlerOptions{
		Apps: zoomauth.Apps{app},
		Session: func(r *http.Request) (string, error) {
			if name := r.Header.Get("X-Customer"); name != "" { // who is signed in
				return name, nil
			}
			return "", errors.New("nobody is signed in")
		},
		Store: func(_ context.Context, l *zoomauth.Login) (zoomauth.TokenStore, error) {
			return stores[l.Session], nil
		},
		Done: func(w http.ResponseWriter, r *http.Request, l *zoomauth.Login, t *zoomauth.Token) {
			fmt.Println(l.Session, "connected an account of region", t.Region)
			http.Redirect(w, r, "/settings", http.StatusSeeOther)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/zoom/connect", handler.Start())
	mux.Handle("/zoom/callback", handler.Callback())

	admin := &admin{site: mux, customer: "customer 1"}
	link := admin.visit("https://vendor.example/zoom/connect")
	callback, err := srv.Allow(link)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(admin.visit(callback))
	// Output:
	// customer 1 connected an account of region EU
	// /settings
}

// admin is a browser that somebody is signed in with.
type admin struct {
	site     http.Handler
	customer string
	cookies  []*http.Cookie
}

func (a *admin) visit(address string) (location string) {
	r := httptest.NewRequest(http.MethodGet, address, nil)
	r.Header.Set("X-Customer", a.customer)
	for _, c := range a.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	a.site.ServeHTTP(w, r)
	a.cookies = append(a.cookies, w.Result().Cookies()...)
	return w.Header().Get("Location")
}

// A program at a terminal, as a public client: it has no secret to keep.
func ExampleApp_Login() {
	srv := zoomtest.NewServer(zoomtest.WithPublicClient()) // stands for Zoom
	app := zoomauth.App{
		ClientID:    srv.ClientID(),
		RedirectURL: "http://127.0.0.1:0/callback",
		HTTPClient:  &http.Client{Transport: srv.RoundTripper()}, // not in earnest
	}
	ctx := context.Background()
	token, err := app.Login(ctx, &zoomauth.LoginOptions{
		Open: approve(srv), // nil in earnest: the browser of the system
	})
	switch {
	case errors.Is(err, zoom.ErrReauthorize):
		fmt.Println("it was denied")
		return
	case err != nil:
		fmt.Println(err)
		return
	}
	store := &zoomauth.MemoryStore{} // see NewFileStore
	if err := zoomauth.Keep(ctx, store, token); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("connected:", token.AccountID == srv.AccountID())
	// Output: connected: true
}

// A machine without a browser. It asks every few seconds until somebody has typed in
// the code elsewhere.
func ExampleApp_DeviceLogin() {
	app := zoomauth.App{ClientID: os.Getenv("ZOOM_CLIENT_ID"), ClientSecret: os.Getenv("ZOOM_CLIENT_SECRET")}
	token, err := app.DeviceLogin(context.Background(), func(code zoomauth.DeviceCode) error {
		_, err := fmt.Println("Enter", code.UserCode, "at", code.Link)
		return err
	})
	fmt.Println(token != nil, err)
}

// A job that goes on with the token that somebody once authorised. The file outlives
// it, and other processes may use it at the same time.
func ExampleApp_TokenSource() {
	srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1)) // stands for Zoom
	zoomIs := &http.Client{Transport: srv.RoundTripper()}
	app := zoomauth.App{ClientID: srv.ClientID(), ClientSecret: srv.ClientSecret(), HTTPClient: zoomIs}
	dir, err := os.MkdirTemp("", "zoom") // the state directory of the service
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	path := filepath.Join(dir, "token")
	var lock oneProcess // flock.New(path + ".lock") of github.com/gofrs/flock in earnest
	store, err := zoomauth.NewFileStore(path, lock)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	moved, err := app.NewToken("", refreshTokenFromBefore(srv), time.Time{}) // or what Login returned
	if err == nil {
		err = zoomauth.Keep(ctx, store, moved)
	}
	if err != nil {
		fmt.Println(err)
		return
	}

	source, err := app.TokenSource(store, &zoomauth.SourceOptions{
		Reauthorize: func(_ context.Context, err error) { fmt.Println("somebody must click Allow again:", err) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer source.Close() // saves what is not saved yet
	client, err := app.Client(source, zoom.WithHTTPClient(zoomIs))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	users := 0
	for _, err := range client.Users.Roster(nil).All(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		users++
	}
	fmt.Println(users, "users")
	// Output: 3 users
}

// oneProcess is a lock where nobody else uses the file.
type oneProcess struct{}

func (oneProcess) TryLockContext(context.Context, time.Duration) (bool, error) { return true, nil }
func (oneProcess) Unlock() error                                               { return nil }

func refreshTokenFromBefore(srv *zoomtest.Server) string {
	_, refreshToken := srv.IssueGrant()
	return refreshToken
}

// Several processes that share one server-to-server app share its token as well: a new
// one may end the life of the former.
func ExampleApp_ServerToServer() {
	srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1)) // stands for Zoom
	app := zoomauth.App{
		ClientID: srv.ClientID(), ClientSecret: srv.ClientSecret(),
		HTTPClient: &http.Client{Transport: srv.RoundTripper()}, // not in earnest
	}
	store := &zoomauth.MemoryStore{} // one that the processes share in earnest
	process := func() error {
		source, err := app.ServerToServer(srv.AccountID(), store, nil)
		if err != nil {
			return err
		}
		defer source.Close()
		_, err = source.Token(context.Background()) // app.Client(source) does it by itself
		return err
	}
	for range 3 {
		if err := process(); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(srv.TokenCalls(), "token for all")
	// Output: 1 token for all
}

// The app was removed in the Marketplace: the event that says so deletes the stored token,
// if it is the one that was ended.
func ExampleForget() {
	const secretToken = "of the app's webhooks"
	srv := zoomtest.NewServer(zoomtest.WithUsers(3, 1)) // stands for Zoom
	store := &zoomauth.MemoryStore{}                    // see NewFileStore
	handler, err := zoomauth.NewHandler(zoomauth.HandlerOptions{
		Apps:  zoomauth.Apps{srv.App("https://service.example/callback")},
		Store: func(context.Context, *zoomauth.Login) (zoomauth.TokenStore, error) { return store, nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := srv.Connect(handler, nil); err != nil { // an admin clicks Allow
		fmt.Println(err)
		return
	}
	verifier, err := zoomhook.NewVerifier(secretToken)
	if err != nil {
		fmt.Println(err)
		return
	}
	events, err := zoomhook.NewHandler(verifier, zoomhook.Handlers{
		AppDeauthorized: func(ctx context.Context, e *zoomhook.AppDeauthorized) error {
			forgotten, err := zoomauth.Forget(ctx, store, zoomauth.Removal{ClientID: e.ClientID, AccountID: e.AccountID, At: e.Time})
			fmt.Println("forgotten:", forgotten, err)
			return err
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv.Advance(time.Hour)
	srv.Uninstall()
	request := zoomtest.NewEventRequest("https://service.example/events", secretToken, time.Now(), srv.Event("app_deauthorized", nil))
	events.ServeHTTP(httptest.NewRecorder(), request)
	_, err = store.Load(context.Background())
	fmt.Println(err)
	// Output:
	// forgotten: true <nil>
	// no token is stored: a person must authorise again
}
