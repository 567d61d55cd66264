package seats

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomhook"
)

// package zoomauth
var (
	_ = zoomauth.App{Region: zoomauth.RegionEU, ClientID: "", ClientSecret: "", RedirectURL: "", Endpoints: zoomauth.Endpoints{}, HTTPClient: http.DefaultClient, Trace: nil}
	_ = zoomauth.Endpoints{Authorize: "", Token: "", Revoke: "", Device: "", API: ""}
	_ = [...]zoomauth.Region{zoomauth.RegionNA, zoomauth.RegionAPAC, zoomauth.RegionEU}

	_ func() zoomauth.Endpoints                                                            = zoomauth.ZoomGov
	_ func(zoomauth.Apps, zoomauth.Region) (zoomauth.App, error)                           = zoomauth.Apps.Region
	_ func(zoomauth.App) (string, *zoomauth.Login, error)                                  = zoomauth.App.AuthCodeURL
	_ func(zoomauth.App, context.Context, *zoomauth.Login, url.Values) (*token, error)     = zoomauth.App.Exchange
	_ func(zoomauth.App, context.Context, *token) error                                    = zoomauth.App.Revoke
	_ func(zoomauth.App, context.Context, *zoomauth.LoginOptions) (*token, error)          = zoomauth.App.Login
	_ func(zoomauth.App, context.Context, func(zoomauth.DeviceCode) error) (*token, error) = zoomauth.App.DeviceLogin
	_ func(zoomauth.App, string, string, time.Time) (*token, error)                        = zoomauth.App.NewToken
	_ func(zoomauth.App, zoom.TokenSource, ...zoom.Option) (*zoom.Client, error)           = zoomauth.App.Client
	_ func(zoomauth.App, store, *zoomauth.SourceOptions) (*zoomauth.Source, error)         = zoomauth.App.TokenSource
	_ func(zoomauth.App, string, store, *zoomauth.SourceOptions) (*zoomauth.Source, error) = zoomauth.App.ServerToServer

	_ = zoomauth.SourceOptions{AccountID: "", Reauthorize: func(context.Context, error) {}, Expiring: func(context.Context, time.Time) {}, StoreFailed: func(context.Context, error) {}}
	_ = zoomauth.LoginOptions{Open: func(context.Context, string) error { return nil }, Output: io.Discard}
	_ = zoomauth.DeviceCode{UserCode: "", Link: "", FullLink: "", Expires: time.Time{}}

	_ zoom.TokenSource                                        = (*zoomauth.Source)(nil)
	_ zoom.TokenRejecter                                      = (*zoomauth.Source)(nil)
	_ io.Closer                                               = (*zoomauth.Source)(nil)
	_ func(*zoomauth.Source, context.Context) (*token, error) = (*zoomauth.Source).Installation
	_ func(*zoomauth.Source, context.Context) error           = (*zoomauth.Source).Disconnect
	_ func(*zoomauth.Source, context.Context) error           = (*zoomauth.Source).Reload
	_ func(context.Context, store, *token) error              = zoomauth.Keep

	_ func(context.Context, store, zoomauth.Removal) (bool, error) = zoomauth.Forget

	_ = zoomauth.Removal{ClientID: "", AccountID: "", At: time.Time{}}

	_ func([]byte) (*token, error)                                 = zoomauth.DecodeToken
	_ func(*token) ([]byte, error)                                 = (*token).Encode
	_ func(*token) *oauth2.Token                                   = (*token).OAuth2
	_ func(*token) time.Time                                       = (*token).RefreshExpiry
	_ func(*token, *token) bool                                    = (*token).Same
	_ func(*token) string                                          = (*token).State
	_ time.Duration                                                = zoomauth.RefreshLife
	_ func([]byte) (*zoomauth.Login, error)                        = zoomauth.DecodeLogin
	_ func(*zoomauth.Login) ([]byte, error)                        = (*zoomauth.Login).Encode
	_ func(string, zoomauth.FileLock) (*zoomauth.FileStore, error) = zoomauth.NewFileStore
	_ func(*zoomauth.FileStore, context.Context) (*token, error)   = (*zoomauth.FileStore).LastGood
	_ func(zoomauth.HandlerOptions) (*zoomauth.Handler, error)     = zoomauth.NewHandler
	_ func(*zoomauth.Handler) http.Handler                         = (*zoomauth.Handler).Start
	_ func(http.ResponseWriter, error)                             = zoomauth.ServeFailure
	_ func(*zoomauth.Handler) http.Handler                         = (*zoomauth.Handler).Callback
	_ zoomauth.LoginStore                                          = (*zoomauth.MemoryLogins)(nil)
	_ store                                                        = (*zoomauth.MemoryStore)(nil)
	_ zoomauth.Locker                                              = (*zoomauth.MemoryStore)(nil)
	_ zoomauth.Swapper                                             = (*zoomauth.MemoryStore)(nil)
	_ store                                                        = (*zoomauth.FileStore)(nil)
	_ zoomauth.Locker                                              = (*zoomauth.FileStore)(nil)
	_ interface {                                                  // what a store of the caller's gives back
		Check(context.Context) error
		Release() error
	} = zoomauth.Lease(nil)
	_ = [...]error{zoomauth.ErrStore, zoomauth.ErrStoreUnavailable, zoomauth.ErrStoreCorrupt, zoomauth.ErrStoreChanged, zoomauth.ErrNoToken, zoomauth.ErrLogin}
)

type (
	token = zoomauth.Token
	store = zoomauth.TokenStore
)

var _ = zoomauth.HandlerOptions{
	Logger: slog.Default(),
	Apps:   zoomauth.Apps{}, Logins: &zoomauth.MemoryLogins{},
	Store: func(_ context.Context, l *zoomauth.Login) (zoomauth.TokenStore, error) {
		_, _ = l.Region, l.Session
		return nil, nil
	},
	Session: func(*http.Request) (string, error) { return "", nil },
	Done:    func(http.ResponseWriter, *http.Request, *zoomauth.Login, *zoomauth.Token) {},
	Failed:  func(http.ResponseWriter, *http.Request, error) {},
}

// package zoomhook
var (
	_ func(...string) (*zoomhook.Verifier, error)                       = zoomhook.NewVerifier
	_ func(*zoomhook.Verifier, http.Header, []byte, time.Time) error    = (*zoomhook.Verifier).Verify
	_ func(*zoomhook.Verifier, time.Duration) *zoomhook.Verifier        = (*zoomhook.Verifier).WithMaxAge
	_ func(context.Context) string                                      = zoomhook.Digest
	_ func(*zoomhook.Verifier, zoomhook.Handlers) (http.Handler, error) = zoomhook.NewHandler
	_                                                                   = zoomhook.AppDeauthorized{AccountID: "", UserID: "", ClientID: "", Time: time.Time{}, Signature: ""}
	_                                                                   = zoomhook.UserEvent{Kind: zoomhook.UserCreated, AccountID: "", Time: time.Time{}, User: zoomhook.EventUser{ID: "", Email: ""}}
	_                                                                   = [...]zoomhook.UserEventKind{zoomhook.UserUpdated, zoomhook.UserActivated, zoomhook.UserDeactivated, zoomhook.UserDeleted, zoomhook.UserDisassociated, zoomhook.UserInvitationAccepted}
	_                                                                   = zoomhook.Event{Kind: "", Time: time.Time{}, Payload: nil}
	_ error                                                             = [...]error{zoomhook.ErrSignature, zoomhook.ErrStale}[1]
	_                                                                   = zoomhook.Handlers{
		AppDeauthorized: func(context.Context, *zoomhook.AppDeauthorized) error { return nil },
		User:            func(context.Context, *zoomhook.UserEvent) error { return nil },
		Other:           func(context.Context, *zoomhook.Event) error { return nil },
		Failed:          func(context.Context, int, error) {},
	}
)
