package zoomtest

import (
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/seatkit/zoom"
)

// A Server is one Zoom account with the hosts in front of it: the REST API and
// the OAuth ends. It is safe for concurrent use.
type Server struct {
	// Set by NewServer only.
	clock        func() time.Time
	plan         zoom.Plan
	scopes       []string
	accountID    string
	clientID     string
	clientSecret string
	redirects    []string // WithRedirectURLs; empty: any
	public       bool
	sealKey      []byte
	issued       time.Duration   // page tokens, where no two are the same
	usedTokens   map[string]bool // page tokens, where each can be used once
	logSize      int

	mu       sync.Mutex
	offset   time.Duration // what Advance added to the clock
	quirks   Quirks
	random   *rand.Rand
	trackers int64

	state
	tokens map[string]*accessToken
	oauth  oauthState
	meters meters

	faults     []*fault
	faultFuncs []func(Request) *Fault
	pageHooks  []func(*Page)
	log        []*Request
	scratch    []byte
	ends       []int

	listener *httptest.Server
	closed   bool
}

// NewServer returns an empty account, or one that the options fill. It opens no
// listener and starts no goroutine until [Server.URL] or one of the addresses of
// the OAuth ends is asked for. It panics on a bad option.
func NewServer(opts ...Option) *Server {
	set := settings{clock: time.Now, logSize: 10_000}
	for _, opt := range opts {
		opt(&set)
	}
	s := &Server{
		clock:     set.clock,
		plan:      set.plan,
		scopes:    set.scopes,
		redirects: set.redirects,
		public:    set.public,
		logSize:   set.logSize,
		quirks:    set.quirks,
		random:    rand.New(rand.NewPCG(set.seed, 0x5ea7)),
		tokens:    map[string]*accessToken{},
		oauth:     newOAuthState(),
	}
	if s.scopes == nil {
		s.scopes = AllScopes()
	}
	s.sealKey = binary.BigEndian.AppendUint64(nil, s.random.Uint64())
	s.accountID, s.clientID, s.clientSecret = s.newID(), s.newID(), s.newID()+s.newID()
	if set.credentials != nil {
		s.accountID, s.clientID, s.clientSecret = set.credentials[0], set.credentials[1], set.credentials[2]
	}
	s.state.init()
	if set.users > 0 {
		s.populate(set.users, set.seed, s.clock())
	}
	return s
}

// Close shuts the listener, if there is one. The server can still be used in
// memory.
func (s *Server) Close() {
	s.mu.Lock()
	listener := s.listener
	s.listener, s.closed = nil, true
	s.mu.Unlock()
	if listener != nil {
		listener.CloseClientConnections()
		listener.Close()
	}
}

// AccountID is the account that the server stands for.
func (s *Server) AccountID() string { return s.accountID }

// ClientID is the id of the app that may ask for tokens.
func (s *Server) ClientID() string { return s.clientID }

// ClientSecret is the secret of that app. One app stands for both kinds of Zoom's:
// server-to-server and OAuth. With [WithPublicClient] its OAuth side has no secret.
func (s *Server) ClientSecret() string { return s.clientSecret }

// Now is the server's clock: what [WithClock] or [WithTime] set, else the time of
// the machine, which inside a testing/synctest bubble is the bubble's; and what
// [Server.Advance] added.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// Advance moves the server's clock forward: tokens and page tokens expire, limits
// are forgotten, meetings end. It does not wait.
//
// It is the clock of the server alone. A client, the sources of tokens and zoomhook read
// that of the machine:
//   - a client holds a token until it is due by its own clock, and learns from a 401 that
//     it has expired here,
//   - a report window that is left open ends today by the client's clock: give From and To,
//   - Reclaim compares meetings with both clocks,
//   - zoomhook refuses events that are older than its age window: see [Server.Deliver].
//
// To move both clocks together, run the test in a testing/synctest bubble, without
// [WithTime], and sleep there instead.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += d
}

func (s *Server) now() time.Time { return s.clock().Add(s.offset) }

// newID makes an id of Zoom's form: 22 characters of base64url, which may begin
// with - or _.
func (s *Server) newID() string { return randomID(s.random) }

func randomID(r *rand.Rand) string {
	var raw [16]byte
	binary.NativeEndian.PutUint64(raw[:8], r.Uint64())
	binary.NativeEndian.PutUint64(raw[8:], r.Uint64())
	return base64.RawURLEncoding.EncodeToString(raw[:])
}
