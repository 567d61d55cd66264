package main

import (
	"slices"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
	"github.com/seatkit/zoom/zoomtest"
)

// startFakes makes an invented account for each region: the first has granular scopes,
// the second classic ones, and the third lacks those to give seats back.
func startFakes(redirectURL string) (apps zoomauth.Apps, closeAll func()) {
	var classic, some []string
	for _, task := range tasks {
		for _, scope := range task.Scopes() {
			classic = append(classic, scope.Classic)
			if task != zoom.TaskReclaim {
				some = append(some, scope.Granular)
			}
		}
	}
	registered := zoomtest.WithRedirectURLs(redirectURL)
	servers := []*zoomtest.Server{
		zoomtest.NewServer(registered, zoomtest.WithUsers(1200, 1)),
		zoomtest.NewServer(registered, zoomtest.WithUsers(340, 2), zoomtest.WithScopes(unique(classic)...)),
		zoomtest.NewServer(registered, zoomtest.WithUsers(75, 3), zoomtest.WithScopes(unique(some)...)),
	}
	for i, server := range servers {
		apps = append(apps, fakeApp(server, regions[i], redirectURL))
	}
	return apps, func() {
		for _, server := range servers {
			server.Close()
		}
	}
}

// fakeApp is the app of a fake: all addresses lead to it.
func fakeApp(server *zoomtest.Server, region zoomauth.Region, redirectURL string) zoomauth.App {
	return zoomauth.App{
		Region: region, ClientID: server.ClientID(), ClientSecret: server.ClientSecret(), RedirectURL: redirectURL,
		Endpoints: zoomauth.Endpoints{
			Authorize: server.AuthorizeURL(), Token: server.TokenURL(), Revoke: server.RevokeURL(), API: server.URL(),
		},
	}
}

func unique(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }
