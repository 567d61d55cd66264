package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

const (
	accessTokenVar = "ZOOM_ACCESS_TOKEN"
	demoUsers      = 1200
	demoSeed       = 1
)

var serverToServerVars = []string{"ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"}

// An Account is the Zoom account that a program works on. The environment says
// which one:
//
//   - ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET are the credentials
//     of a server-to-server OAuth app, or
//   - ZOOM_ACCESS_TOKEN is an access token that is ready for use, and goes first.
//
// Without any of them the account is an invented one inside the program. It is
// never taken in place of a real one: credentials that are incomplete or empty,
// and an address without credentials, are errors.
type Account struct {
	BaseURL  string // "": Zoom's
	TokenURL string // "": Zoom's
	Demo     bool   // set by Connect: it is the invented account

	client *zoom.Client
	server *zoomtest.Server
}

// AccountFlags adds -base-url and -token-url to the flags of a program.
func AccountFlags(flags *flag.FlagSet) *Account {
	a := &Account{}
	flags.StringVar(&a.BaseURL, "base-url", "", "the `address` of the API, if it is not https://api.zoom.us/v2; needs credentials")
	flags.StringVar(&a.TokenURL, "token-url", "", "the `address` that gives out access tokens, if it is not https://zoom.us/oauth/token; needs credentials")
	return a
}

// Connect makes a client for the account. It sends nothing yet.
func (a *Account) Connect(stderr io.Writer, opts ...zoom.Option) (*zoom.Client, error) {
	src, err := a.tokenSource(stderr)
	switch {
	case err != nil:
		return nil, err
	case src == nil:
		Printf(stderr, "No credentials in the environment: this is an invented account of %d people inside the program.\n", demoUsers)
		a.Demo = true
		a.server = zoomtest.NewServer(zoomtest.WithUsers(demoUsers, demoSeed))
		a.client = a.server.Client(opts...)
		return a.client, nil
	}
	if a.BaseURL != "" {
		opts = append(opts, zoom.WithBaseURL(a.BaseURL))
	}
	a.client, err = zoom.NewClient(src, append(opts, zoom.WithUserAgent("seatkit-examples"))...)
	return a.client, err
}

// Close ends what Connect began.
func (a *Account) Close() {
	if a.client != nil {
		_ = a.client.Close() // nothing is lost with it
	}
	if a.server != nil {
		a.server.Close()
	}
}

// tokenSource is nil where the environment knows of no account at all.
func (a *Account) tokenSource(stderr io.Writer) (zoom.TokenSource, error) {
	values := map[string]string{}
	var missing, present []string
	for _, name := range serverToServerVars {
		value, found := os.LookupEnv(name)
		values[name] = strings.TrimSpace(value)
		if values[name] == "" {
			missing = append(missing, name)
		}
		if found {
			present = append(present, name)
		}
	}
	accessToken, tokenSet := os.LookupEnv(accessTokenVar)
	accessToken = strings.TrimSpace(accessToken)
	switch {
	case accessToken != "":
		if a.TokenURL != "" {
			present = append(present, "-token-url")
		}
		if len(present) > 0 {
			Printf(stderr, "%s is used; %s not.\n", accessTokenVar, strings.Join(present, ", "))
		}
		return zoom.StaticToken(accessToken), nil
	case len(missing) == 0:
		src := zoom.ServerToServer(values["ZOOM_ACCOUNT_ID"], values["ZOOM_CLIENT_ID"], values["ZOOM_CLIENT_SECRET"])
		src.TokenURL = a.TokenURL
		return src, nil
	case len(present) > 0:
		return nil, fmt.Errorf("the credentials are incomplete: %s not set or empty", strings.Join(missing, ", "))
	case tokenSet:
		return nil, errors.New(accessTokenVar + " is empty")
	case a.BaseURL != "" || a.TokenURL != "":
		return nil, Usagef("-base-url and -token-url need credentials: set %s, or %s", accessTokenVar, strings.Join(serverToServerVars, ", "))
	default:
		return nil, nil
	}
}
