package zoom

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"github.com/seatkit/zoom/internal/pace"
	"github.com/seatkit/zoom/internal/transport"
	"github.com/seatkit/zoom/internal/wire"
)

// A service is what UsersService, MeetingsService and ReportsService are.
type service struct{ c *Client }

// client returns the client of a service, nil for a zero one or none, which is refused
// before anything is sent.
func (s *service) client() *Client {
	if s == nil {
		return nil
	}
	return s.c
}

// version is that of the module, for the User-Agent header.
const version = "0.1.0"

// A Client speaks for one Zoom account. Make one with [NewClient] and share it:
// it never changes and is safe for concurrent use.
type Client struct {
	Users    *UsersService
	Meetings *MeetingsService
	Reports  *ReportsService

	base   *url.URL
	header http.Header // of every request
	road   *transport.Road
	tokens *clientTokens
	tracer tracer
	closed atomic.Bool
	idle   func() // lets go of our own idle connections

	account secret // of [WithSubAccount]; nil: the token's own
}

// NewClient makes a client that takes its access tokens from src. It does no I/O
// and reads no environment; a bad option or credential is [ErrInvalidArgument], and the
// error names all of them.
func NewClient(src TokenSource, opts ...Option) (*Client, error) {
	cfg, err := newConfig(opts)
	if err := errors.Join(checkSource(src), err); err != nil {
		return nil, err
	}
	limiter, err := cfg.newLimiter()
	if err != nil {
		return nil, err
	}
	rt, ours := cfg.wire()
	c := &Client{
		base:    cfg.base,
		header:  http.Header{"Accept": {"application/json"}, "Accept-Language": {wire.Language}, "User-Agent": {userAgent(cfg.agent)}},
		tracer:  newTracer(cfg.traces, cfg.logger),
		idle:    func() {},
		account: cfg.account,
	}
	if ours {
		c.idle = rt.(*http.Transport).CloseIdleConnections
	}
	c.tokens = newClientTokens(src, &c.tracer, func(ctx context.Context) context.Context {
		ctx = transport.WithEvents(ctx, c.tracer.events())
		return context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: rt})
	})
	c.road = transport.New(transport.Config{
		Wire: rt, Limiter: limiterAdapter{limiter, &budgetWatch{tracer: &c.tracer}}, Tokens: c.tokens,
		Policy: cfg.policy(), MaxBody: maxBody, Events: c.tracer.events(),
	})
	c.Users, c.Meetings, c.Reports = &UsersService{c}, &MeetingsService{c}, &ReportsService{c}
	return c, nil
}

// checkSource refuses a source that could never give a token. A nil one of ours refuses
// each call.
func checkSource(src TokenSource) error {
	s, ours := src.(*ServerToServerSource)
	switch {
	case src == nil || (!ours && isNilPointer(src)):
		return invalidOption("token source", "is nil")
	case !ours || s == nil || s.cache == nil:
		return nil
	}
	if err := s.checkCredentials(); err != nil {
		return invalidOption("token source", strings.ReplaceAll(err.Error(), "\n", ", "))
	}
	return nil
}

func userAgent(product string) string {
	return strings.TrimSpace(product + " seatkit-zoom/" + version + " (" + runtime.Version() + ")")
}

// Close ends the client: new calls get [ErrClosed], calls in flight go on, a
// fetch of an access token is waited for. It may be called more than once.
func (c *Client) Close() error {
	if c == nil || c.tokens == nil {
		return nil
	}
	c.closed.Store(true)
	c.tokens.close()
	c.idle()
	return nil
}

// Format prints the name of the type under every verb: what a client holds is
// in use by other goroutines and partly secret.
func (c *Client) Format(f fmt.State, _ rune) {
	if c == nil {
		_, _ = io.WriteString(f, "<nil>")
		return
	}
	_, _ = io.WriteString(f, "zoom.Client")
}

// A Request is a call of an endpoint that this package does not model.
type Request struct {
	Method     string
	Path       string     // a route template: "/groups/{groupId}/members"
	PathValues []string   // one for each placeholder, unescaped
	Query      url.Values // copied
	Body       any        // written as JSON; nil: none
	Class      RateClass  // Zoom's rate-limit label of the endpoint
	Idempotent bool       // sending it twice does no more than sending it once; GET and HEAD always are
}

// Do sends a request with the same limits, retries, token and size limits as every
// other call. It decodes the answer into out, a pointer, unless out is nil. Names match
// the fields of a type of yours as encoding/json matches them; the types of this package
// are read as in every other call. A name that is read and stands twice is
// [ErrBadResponse], and so is an answer without a body where out is given: on every
// error out is left as it was. A write that is not idempotent and whose answer is lost is
// not sent again: [ErrOutcomeUnknown]. A POST that is not idempotent is sent again after a
// 429 only if that bears Zoom's error code or a rate-limit header.
func (c *Client) Do(ctx context.Context, req *Request, out any) error {
	o, err := newOperation("do", req)
	if err != nil {
		return err
	}
	if v := reflect.ValueOf(out); out != nil && (v.Kind() != reflect.Pointer || v.IsNil()) {
		return invalidArgument(o, errors.New("out: want a pointer that is not nil, or nil"))
	}
	o.accept = func(a *transport.Answer) (err error) {
		if out == nil && (a.Status == http.StatusNoContent || len(bytes.TrimSpace(a.Body)) == 0) {
			return nil
		}
		o.unread, err = decodeObject(a, out)
		return err
	}
	_, err = c.do(ctx, o)
	return err
}

// decodeObject reads an answer into out, which may be nil, and returns how many values
// could not be read. Zoom may send an error with a 2xx status, and a proxy may answer in
// its place. out is set only once a body has decoded, so nothing of an earlier attempt is
// left in it.
func decodeObject(a *transport.Answer, out any) (unread int, err error) {
	if err := wire.Check(a.Body); err != nil {
		return 0, err
	}
	if a.Error != nil {
		return 0, a.Error
	}
	if out == nil {
		return 0, nil
	}
	if wire.IsNull(a.Body) {
		return 0, &wire.ShapeError{Reason: "the body is null"}
	}
	target := reflect.ValueOf(out).Elem()
	decoded := reflect.New(target.Type())
	if unread, err = wire.DecodeBy(rulesOf(target.Type()), a.Body, decoded.Interface()); err != nil {
		return 0, err
	}
	target.Set(decoded.Elem())
	return unread, nil
}

// rulesOf returns how values of a type are read: the records of this package bear fields
// that cannot be read, types of a caller's are matched as encoding/json matches them.
func rulesOf(t reflect.Type) wire.Rules {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.PkgPath() == reflect.TypeFor[Client]().PkgPath() {
		return wire.Record
	}
	return wire.AnyCase
}

// newOperation checks what a caller passes.
func newOperation(op string, req *Request) (*operation, error) {
	if req == nil {
		return nil, invalidArgument(&operation{op: op}, errors.New("the request is nil"))
	}
	o := &operation{
		op: op, method: strings.ToUpper(req.Method), path: req.Path, values: req.PathValues,
		query: req.Query, body: req.Body, class: req.Class, repeatable: req.Idempotent,
	}
	switch o.method {
	case "":
		o.method = http.MethodGet
		o.repeatable = true
	case http.MethodGet, http.MethodHead:
		o.repeatable = true
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return nil, invalidArgument(&operation{op: op}, errors.New("the method is not one that Zoom uses"))
	}
	if !isTemplate(o.path) {
		o.path = "" // it would show what the caller put into it
		return nil, invalidArgument(o, errors.New("the path must be a route template, and each value in it one of PathValues"))
	}
	return o, nil
}

// An operation is one call before it is on the road.
type operation struct {
	op         string
	method     string
	path       string // route template
	values     []string
	query      url.Values
	body       any
	class      RateClass
	repeatable bool
	placed     bool // the path begins with that of a sub-account, whose id is not among the values
	accept     func(a *transport.Answer) error
	unread     int // values of the answer that could not be read
}

// do is the path of every call: check, build, send, and make the error.
func (c *Client) do(ctx context.Context, o *operation) (*transport.Answer, error) {
	call, err := c.prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	ctx = c.tracer.start(ctx, o)
	answer, attempts, err := c.road.Do(ctx, call)
	if err != nil {
		err = newError(o, err)
	}
	c.tracer.done(ctx, o, attempts, time.Since(start), err)
	return answer, err
}

// prepare refuses what must not be sent.
func (c *Client) prepare(ctx context.Context, o *operation) (*transport.Call, error) {
	c.place(o)
	switch {
	case c == nil || c.road == nil:
		return nil, invalidArgument(o, errors.New("the client was not made by NewClient"))
	case ctx == nil:
		return nil, invalidArgument(o, errors.New("the context is nil"))
	case o.class < 0 || o.class >= numClasses:
		return nil, invalidArgument(o, errors.New("the rate class is unknown"))
	}
	values := c.pathValues(o)
	path, err := wire.Path(o.path, values...)
	if err != nil {
		return nil, invalidArgument(o, err)
	}
	if err := ctx.Err(); err != nil {
		return nil, &Error{Op: o.op, Method: o.method, Path: o.path, Err: err}
	}
	if c.closed.Load() {
		return nil, &Error{Op: o.op, Method: o.method, Path: o.path, Err: ErrClosed}
	}
	call := &transport.Call{
		Op: o.op, Route: o.path,
		Method: o.method, URL: c.url(path, o.query), Header: c.header,
		Class: pace.Class(o.class), Repeatable: o.repeatable, Accept: o.accept,
		Once:   o.method == http.MethodPost && !o.repeatable,
		Values: values,
	}
	if o.body != nil {
		if call.Body, err = wire.Encode(o.body); err != nil {
			return nil, invalidArgument(o, err)
		}
		call.Header = c.header.Clone()
		call.Header.Set("Content-Type", "application/json")
	}
	return call, nil
}

// url joins the base and an escaped path. RawPath keeps the escapes as they are:
// those of a meeting UUID are escaped twice.
func (c *Client) url(escaped string, query url.Values) *url.URL {
	u := *c.base
	u.RawPath = c.base.EscapedPath() + escaped
	u.Path, _ = url.PathUnescape(u.RawPath) // wire.Path escapes well
	u.RawQuery = query.Encode()
	return &u
}

func invalidArgument(o *operation, reason error) *Error {
	return &Error{Op: o.op, Method: o.method, Path: o.path, Err: fmt.Errorf("%w: %w", ErrInvalidArgument, reason)}
}

var _ io.Closer = (*Client)(nil)

// accountPath stands before every path of a client of a sub-account.
const accountPath = "/accounts/{accountId}"

// WithSubAccount makes every call of the client one about a sub-account of the
// token's account: the path of each, also of [Client.Do] and [ListOf], begins
// with /accounts/{accountId}. "me" is the token's own account. Errors, traces and
// logs show this template and never the account id, which is refused with
// [ErrInvalidArgument] if it cannot be one segment of a path or holds a slash.
//
// Zoom lets approved partners only call these endpoints, with scopes of the
// primary (master) account: user:master, meeting:master and report:master, or
// the granular ones that end in :master instead of :admin, such as
// user:read:list_users:master. [Client.Preflight] looks for these.
//
// API: https://developers.zoom.us/docs/integrations/oauth-scopes-granular/
func WithSubAccount(accountID string) Option {
	return func(c *config) error {
		if strings.Contains(accountID, "/") {
			return invalidOption("sub-account", "accountId contains a slash")
		}
		if _, err := wire.Path(accountPath, accountID); err != nil {
			return invalidOption("sub-account", err.Error())
		}
		c.account = hide(accountID)
		return nil
	}
}

// place puts an operation under the sub-account of the client, once. The id joins
// the values only when the path is filled, so that no list and no change holds it.
func (c *Client) place(o *operation) {
	if c == nil || c.account == nil || o.placed || !strings.HasPrefix(o.path, "/") {
		return
	}
	o.path, o.placed = accountPath+o.path, true
}

// pathValues are those of the placeholders of a placed operation.
func (c *Client) pathValues(o *operation) []string {
	if !o.placed {
		return o.values
	}
	return append([]string{c.account()}, o.values...)
}

// speaksForOther reports whether calls are about another account than the
// token's own.
func (c *Client) speaksForOther() bool { return c.account != nil && !isMe(c.account()) }
