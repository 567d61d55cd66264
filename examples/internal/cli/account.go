package cli

import (
	"flag"
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
// With -demo, and only then, the account is an invented one inside the program. Without
// -demo and without credentials, or with incomplete ones, the command line is wrong.
type Account struct {
	BaseURL  string // "": Zoom's
	TokenURL string // "": Zoom's
	Demo     bool   // the invented account

	client *zoom.Client
	server *zoomtest.Server
}

// AccountFlags adds -demo, -base-url and -token-url to the flags of a program.
func AccountFlags(flags *flag.FlagSet) *Account {
	a := &Account{}
	flags.BoolVar(&a.Demo, "demo", false, "work on an invented account inside the program; every row says so")
	flags.StringVar(&a.BaseURL, "base-url", "", "the `address` of the API, if it is not https://api.zoom.us/v2; needs credentials")
	flags.StringVar(&a.TokenURL, "token-url", "", "the `address` that gives out access tokens, if it is not https://zoom.us/oauth/token; needs credentials")
	return a
}

// Connect makes a client for the account. It sends nothing yet.
func (a *Account) Connect(stderr io.Writer, opts ...zoom.Option) (*zoom.Client, error) {
	if a.Demo {
		if a.BaseURL != "" || a.TokenURL != "" {
			return nil, Usagef("-demo works on an invented account: it takes no -base-url and no -token-url")
		}
		Printf(stderr, "DEMO: this is an invented account of %d people inside the program, and no real Zoom.\n", demoUsers)
		a.server = zoomtest.NewServer(zoomtest.WithUsers(demoUsers, demoSeed))
		a.client = a.server.Client(opts...)
		return a.client, nil
	}
	src, err := a.tokenSource(stderr)
	if err != nil {
		return nil, err
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

// tokenSource reads the credentials in the environment.
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
		return nil, Usagef("the credentials are incomplete: %s not set or empty", strings.Join(missing, ", "))
	case tokenSet:
		return nil, Usagef("%s is empty", accessTokenVar)
	default:
		return nil, Usagef("no credentials: set %s, or %s; -demo shows the program on an invented account",
			accessTokenVar, strings.Join(serverToServerVars, ", "))
	}
}
