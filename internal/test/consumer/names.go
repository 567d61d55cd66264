// Package seats is a module outside of the repository's own: it compiles against
// every name that design and documentation promise, with the types that they
// promise, so that a change of the public API is a broken build here.
package seats

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// zoom.go, options.go
var (
	_ func(zoom.TokenSource, ...zoom.Option) (*zoom.Client, error)  = zoom.NewClient
	_ io.Closer                                                     = (*zoom.Client)(nil)
	_ func(*zoom.Client, context.Context, *zoom.Request, any) error = (*zoom.Client).Do
	_ func(*zoom.Client, *zoom.Request, string) *zoom.List[group]   = zoom.ListOf[group]
	_ func(string) zoom.Option                                      = zoom.WithBaseURL
	_ func(*http.Client) zoom.Option                                = zoom.WithHTTPClient
	_ func(string) zoom.Option                                      = zoom.WithUserAgent
	_ func(zoom.Plan) zoom.Option                                   = zoom.WithPlan
	_ func(zoom.Limiter) zoom.Option                                = zoom.WithLimiter
	_ func(zoom.RetryPolicy) zoom.Option                            = zoom.WithRetry
	_ func(*slog.Logger) zoom.Option                                = zoom.WithLogger
	_ func(*zoom.Trace) zoom.Option                                 = zoom.WithTrace
	_ func(string) zoom.Option                                      = zoom.WithSubAccount
	_                                                               = zoom.Client{Users: (*zoom.UsersService)(nil), Meetings: (*zoom.MeetingsService)(nil), Reports: (*zoom.ReportsService)(nil)}
	_                                                               = zoom.Request{Method: "GET", Path: "/groups/{groupId}/members", PathValues: []string{"g"}, Query: url.Values{}, Body: any(nil), Class: zoom.ClassMedium, Idempotent: true}
	_                                                               = zoom.RetryPolicy{MaxAttempts: 1, MinDelay: time.Second, MaxDelay: time.Second, MaxRetryAfter: time.Second, AttemptTimeout: time.Second, MaxElapsed: time.Second}
	_                                                               = zoom.Trace{Start: func(ctx context.Context, _ zoom.CallInfo) context.Context { return ctx }, Wait: nil, Attempt: nil, Token: nil, Page: nil, Done: nil}
)

type group struct {
	ID string `json:"id"`
}

// scopes.go
var (
	_                                                         = [...]zoom.Task{zoom.TaskRoster, zoom.TaskAccess, zoom.TaskLicenses, zoom.TaskReclaim}
	_ func(zoom.Task) string                                  = zoom.Task.String
	_ func(zoom.Task) []zoom.TaskScope                        = zoom.Task.Scopes
	_                                                         = zoom.TaskScope{Endpoint: "", Classic: "", Granular: ""}
	_ func(*zoom.Client, context.Context, ...zoom.Task) error = (*zoom.Client).Preflight
	_ error                                                   = &zoom.MissingScopesError{Missing: []zoom.MissingScope{}}
	_                                                         = zoom.MissingScope{Task: zoom.TaskRoster, TaskScope: zoom.TaskScope{Endpoint: "", Classic: "", Granular: ""}}
)

// auth.go
var (
	_ func(string, string, string, ...zoom.ServerToServerOption) *zoom.ServerToServerSource = zoom.ServerToServer
	_ func(string) zoom.ServerToServerOption                                                = zoom.TokenURL
	_ func(*http.Client) zoom.ServerToServerOption                                          = zoom.TokenHTTPClient
	_ zoom.TokenSource                                                                      = &zoom.ServerToServerSource{TokenURL: "", HTTPClient: (*http.Client)(nil)}
	_ func(string) zoom.TokenSource                                                         = zoom.StaticToken
	_ func(oauth2.TokenSource) zoom.TokenSource                                             = zoom.FromOAuth2
	_ zoom.TokenSource                                                                      = ownSource{}
	_ zoom.TokenRejecter                                                                    = (*zoom.ServerToServerSource)(nil)
)

type ownSource struct{}

func (ownSource) Token(context.Context) (*oauth2.Token, error) { return nil, zoom.ErrReauthorize }

// pagination.go
var (
	_ func(*zoom.List[int], context.Context) iter.Seq2[int, error]             = (*zoom.List[int]).All
	_ func(*zoom.List[int], context.Context) iter.Seq2[*zoom.Page[int], error] = (*zoom.List[int]).Pages
	_ func(*zoom.List[int], context.Context, string) (*zoom.Page[int], error)  = (*zoom.List[int]).Page
	_ func(*zoom.List[int], context.Context) ([]int, error)                    = (*zoom.List[int]).Collect
	_ func(*zoom.List[int], string) *zoom.List[int]                            = (*zoom.List[int]).Resume
	_ func(*zoom.List[int]) *zoom.List[int]                                    = (*zoom.List[int]).Prefetch
	_                                                                          = zoom.Page[int]{Items: []int{}, NextPageToken: "", PageSize: 0, TotalRecords: 0}
	_ error                                                                    = &zoom.PageError{Token: "", Yielded: 0, Err: error(nil)}
)

// users.go, license.go, status.go
var (
	_ func(*zoom.UsersService, context.Context, string) (*zoom.User, error)                                                    = (*zoom.UsersService).Get
	_ func(*zoom.UsersService, *zoom.ListUsersOptions) *zoom.List[*zoom.User]                                                  = (*zoom.UsersService).List
	_ func(*zoom.UsersService, *zoom.RosterOptions) *zoom.List[*zoom.User]                                                     = (*zoom.UsersService).Roster
	_ func(*zoom.UsersService, context.Context, string, *zoom.UserUpdate) error                                                = (*zoom.UsersService).Update
	_ func(*zoom.UsersService, context.Context) (*zoom.UsersSummary, error)                                                    = (*zoom.UsersService).Summary
	_ func(*zoom.UsersService, context.Context, string, zoom.StatusAction) error                                               = (*zoom.UsersService).SetStatus
	_ func(*zoom.UsersService, context.Context, string) error                                                                  = (*zoom.UsersService).Activate
	_ func(*zoom.UsersService, context.Context, string) error                                                                  = (*zoom.UsersService).Deactivate
	_ func(*zoom.UsersService, context.Context, string, zoom.ReclaimMethod, *zoom.ReclaimOptions) (*zoom.ReclaimResult, error) = (*zoom.UsersService).Reclaim
	_                                                                                                                          = [...]zoom.UserType{zoom.TypeBasic, zoom.TypeLicensed, zoom.TypeOnPrem, zoom.TypeUnassigned, zoom.TypeNone}
	_                                                                                                                          = [...]zoom.UserStatus{zoom.StatusActive, zoom.StatusInactive, zoom.StatusPending}
	_                                                                                                                          = [...]zoom.LicenseType{zoom.LicenseUnknown, zoom.LicenseBasic, zoom.LicenseLicensed, zoom.LicenseOnPrem, zoom.LicenseUnassigned, zoom.LicenseNone}
	_ func(*zoom.User) zoom.License                                                                                            = zoom.LicenseOf
	_                                                                                                                          = zoom.License{Type: zoom.LicenseBasic, Paid: false, Bundle: false, Raw: zoom.TypeBasic}
	_                                                                                                                          = zoom.Classifier{IncludeFreeUsers: true}
	_ func(string) (bool, error)                                                                                               = zoom.ParseIncludeFreeUsers
	_ func(zoom.Classifier, iter.Seq2[*zoom.User, error]) iter.Seq2[*zoom.User, error]                                         = zoom.Classifier.Filter
	_ func(zoom.Classifier, iter.Seq2[*zoom.User, error]) (zoom.LicenseSummary, error)                                         = zoom.Classifier.Summarize
	_ func(*zoom.LicenseSummary, *zoom.User)                                                                                   = (*zoom.LicenseSummary).Add
	_                                                                                                                          = [...]zoom.ReclaimMethod{zoom.ReclaimDeactivate, zoom.ReclaimDowngrade}
	_                                                                                                                          = zoom.ReclaimOptions{DryRun: true, AllowAdmins: true, AllowLive: true, AllowOnPrem: true}
	_                                                                                                                          = zoom.ReclaimResult{UserID: "", Email: "", Method: zoom.ReclaimDeactivate, Outcome: zoom.OutcomeUnknown, Before: (*zoom.User)(nil), After: (*zoom.User)(nil), Reconciled: true}
	_                                                                                                                          = [...]zoom.ReclaimOutcome{zoom.OutcomeUnknown, zoom.OutcomeReclaimed, zoom.OutcomeAlreadyReclaimed, zoom.OutcomeProtected, zoom.OutcomeDryRun}
	_ *zoom.Time                                                                                                               = zoom.User{}.LastLoginTime
	_ string                                                                                                                   = (*zoom.Time)(nil).Raw()
)

// meetings.go, reports.go
var (
	_ func(*zoom.MeetingsService, string, *zoom.ListMeetingsOptions) *zoom.List[*zoom.Meeting]      = (*zoom.MeetingsService).List
	_ func(*zoom.MeetingsService, context.Context, string) ([]*zoom.MeetingInstance, error)         = (*zoom.MeetingsService).Instances
	_ func(*zoom.ReportsService, string, *zoom.ParticipantsOptions) *zoom.List[*zoom.Participant]   = (*zoom.ReportsService).Participants
	_ func(*zoom.ReportsService, *zoom.HostsOptions) *zoom.List[*zoom.Host]                         = (*zoom.ReportsService).Hosts
	_ func(*zoom.ReportsService, string, *zoom.UserMeetingsOptions) *zoom.List[*zoom.ReportMeeting] = (*zoom.ReportsService).UserMeetings
	_ func(*zoom.ReportsService, *zoom.SignInsOptions) *zoom.List[*zoom.SignIn]                     = (*zoom.ReportsService).SignIns
	_                                                                                               = zoom.ListUsersOptions{PageSize: 0, Status: "", RoleID: "", IncludeFields: "", License: ""}
	_                                                                                               = zoom.RosterOptions{PageSize: 0, Statuses: nil, RoleID: "", IncludeFields: "", CountOnly: false}
	_                                                                                               = zoom.ListMeetingsOptions{PageSize: 0, Type: "", From: time.Time{}, To: time.Time{}, Timezone: ""}
	_                                                                                               = zoom.ParticipantsOptions{PageSize: 0, IncludeFields: ""}
	_                                                                                               = zoom.HostsOptions{PageSize: 0, Type: "", From: time.Time{}, To: time.Time{}, GroupID: ""}
	_                                                                                               = zoom.UserMeetingsOptions{PageSize: 0, Type: "", From: time.Time{}, To: time.Time{}}
	_                                                                                               = zoom.SignInsOptions{PageSize: 0, From: time.Time{}, To: time.Time{}}
	_                                                                                               = zoom.Host{}.From
	_                                                                                               = zoom.Host{}.To
)

// ratelimit.go
var (
	_              = [...]zoom.RateClass{zoom.ClassMedium, zoom.ClassLight, zoom.ClassHeavy, zoom.ClassResourceIntensive}
	_              = [...]zoom.Plan{zoom.PlanFree, zoom.PlanPro, zoom.PlanBusiness}
	_ zoom.Limiter = ownLimiter{}
	_ zoom.Limiter = zoom.Unlimited()
	_ zoom.Limiter = zoom.NewLocalLimiter(zoom.PlanPro, zoom.LimitShare(0.5), zoom.LimitRate(zoom.ClassLight, 1), zoom.LimitPerDay(zoom.ClassHeavy, 1))
	_ zoom.Limiter = zoom.NewLocalLimiter(zoom.PlanPro)
	_              = (*zoom.LocalLimiter).Stats
	_              = [...]zoom.RateKind{zoom.KindNone, zoom.KindPerSecond, zoom.KindPerMinute, zoom.KindDaily, zoom.KindPerUser, zoom.KindConcurrent}
	_              = zoom.Limits{PerSecond: map[zoom.RateClass]int{}, PerMinute: map[zoom.RateClass]int{}, PerDay: map[zoom.RateClass]int{}, Pace: func(int) float64 { return 0 }}

	_ func(zoom.Plan) zoom.Limits        = zoom.PlanLimits
	_ func(zoom.RateLimit) zoom.RateKind = zoom.RateLimit.Kind
	_ zoom.ResumeDelayer                 = (*zoom.LocalLimiter)(nil)
	_                                    = zoom.RateLimit{Status: 429, Category: "", Type: "", Message: "", Limit: 1, Remaining: 1, HasLimit: true, HasRemaining: true, RetryAt: time.Time{}, Date: time.Time{}}
)

type ownLimiter struct{}

func (ownLimiter) Wait(context.Context, zoom.RateClass) error {
	return &zoom.Error{Err: zoom.ErrDailyLimit, RetryAt: time.Now()}
}
func (ownLimiter) Observe(context.Context, zoom.RateClass, zoom.RateLimit) {}

// errors.go
var (
	_ = zoom.Error{
		Op: "", Method: "", Path: "", Message: "", TrackingID: "", StatusCode: 0, Code: 0, Attempts: 0,
		Fields: []zoom.FieldError{{Field: "", Message: ""}}, RetryAt: time.Time{}, Scopes: []string{}, Err: errors.New(""),
	}
	_ = [...]error{
		zoom.ErrInvalidArgument, zoom.ErrUnauthorized, zoom.ErrReauthorize, zoom.ErrClientCredentials, zoom.ErrScope,
		zoom.ErrScopesUnknown, zoom.ErrForbidden, zoom.ErrNotFound, zoom.ErrProtected, zoom.ErrNoSeats, zoom.ErrRateLimited, zoom.ErrDailyLimit,
		zoom.ErrConcurrentOp, zoom.ErrServer, zoom.ErrUnreachable, zoom.ErrTimeout, zoom.ErrTLS, zoom.ErrRedirect,
		zoom.ErrBadResponse, zoom.ErrBodyTooLarge, zoom.ErrPageTokenExpired, zoom.ErrNoReport, zoom.ErrPageLoop, zoom.ErrListIncomplete,
		zoom.ErrOutcomeUnknown, zoom.ErrNotApplied, zoom.ErrAccountMismatch, zoom.ErrClosed,
	}
	_ func(error) (time.Time, bool) = zoom.RetryAt
	_                               = [...]func(error) bool{zoom.Temporary, zoom.Unavailable, zoom.StopsRun, zoom.StopsPromotions, zoom.NeedsPerson}
)

// zoomtest
var (
	_ func(...zoomtest.Option) *zoomtest.Server           = zoomtest.NewServer
	_ func(*zoomtest.Server) string                       = (*zoomtest.Server).URL
	_ func(*zoomtest.Server) string                       = (*zoomtest.Server).TokenURL
	_ func(*zoomtest.Server) string                       = (*zoomtest.Server).AuthorizeURL
	_ func(*zoomtest.Server, ...zoom.Option) *zoom.Client = (*zoomtest.Server).Client
	_ func(*zoomtest.Server) http.RoundTripper            = (*zoomtest.Server).RoundTripper
	_ func(*zoomtest.Server)                              = (*zoomtest.Server).Close
	_ func(int, uint64) zoomtest.Option                   = zoomtest.WithUsers
	_ func(zoom.Plan) zoomtest.Option                     = zoomtest.WithPlan
	_ func(*zoomtest.Server, zoomtest.Fault)              = (*zoomtest.Server).Inject
	_ func(*zoomtest.Server) []zoomtest.Request           = (*zoomtest.Server).Requests
	_                                                     = (*zoomtest.Server).AddUser
)
