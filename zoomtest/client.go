package zoomtest

import (
	"net/http"

	"github.com/seatkit/zoom"
)

// Client returns a client of the account: in memory, authorised with the server's
// own credentials, without a client-side limit, or with that of the plan which the
// server enforces. The options come after these defaults and may replace each of
// them. It panics if they do not make a client.
func (s *Server) Client(opts ...zoom.Option) *zoom.Client {
	transport := zoom.WithHTTPClient(&http.Client{Transport: s.RoundTripper()})
	limiter := zoom.WithLimiter(zoom.Unlimited())
	if s.plan != 0 {
		limiter = zoom.WithLimiter(zoom.NewLocalLimiter(s.plan))
	}
	client, err := zoom.NewClient(s.TokenSource(), append([]zoom.Option{transport, limiter}, opts...)...)
	if err != nil {
		panic("zoomtest: Client: " + err.Error())
	}
	return client
}

// TokenSource returns a new source of tokens with the server's own credentials,
// in memory. In a client over the network set its TokenURL to [Server.TokenURL]
// and its HTTPClient to nil.
func (s *Server) TokenSource() *zoom.ServerToServerSource {
	src := zoom.ServerToServer(s.accountID, s.clientID, s.clientSecret)
	src.HTTPClient = &http.Client{Transport: s.RoundTripper()}
	return src
}
