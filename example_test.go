package zoom_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// licences is the program of the README; a test holds the two together.
func licences(ctx context.Context, src zoom.TokenSource, opts ...zoom.Option) error {
	client, err := zoom.NewClient(src, opts...)
	if err != nil {
		return err
	}
	defer client.Close()

	var summary zoom.LicenseSummary
	for user, err := range client.Users.Roster(nil).All(ctx) {
		if err != nil {
			return err // what came before is not the whole roster
		}
		summary.Add(user)
		fmt.Println(user.Email, user.Status, zoom.LicenseOf(user))
	}
	fmt.Printf("%d licensed, %d basic, %d pending\n", summary.Licensed, summary.Basic, summary.Pending)
	return nil
}

// smallAccount is a fake account of three people.
func smallAccount() *zoomtest.Server {
	srv := zoomtest.NewServer()
	srv.AddUser(zoom.User{Email: "ada@example.com", Type: zoom.TypeLicensed, RoleID: zoom.RoleOwner})
	srv.AddUser(zoom.User{Email: "ben@example.com", Type: zoom.TypeLicensed})
	srv.AddUser(zoom.User{Email: "cleo@example.com", Type: zoom.TypeBasic})
	srv.AddUser(zoom.User{Email: "dan@example.com", Type: zoom.TypeLicensed, Status: zoom.StatusPending})
	return srv
}

func ExampleUsersService_Roster() {
	srv := smallAccount()
	defer srv.Close()
	client := &http.Client{Transport: srv.RoundTripper()}
	err := licences(context.Background(), srv.TokenSource(), zoom.WithHTTPClient(client))
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// dan@example.com pending Licensed
	// ada@example.com active Licensed
	// ben@example.com active Licensed
	// cleo@example.com active Basic
	// 2 licensed, 1 basic, 1 pending
}

func ExampleClassifier_Summarize() {
	srv := smallAccount()
	defer srv.Close()
	include, err := zoom.ParseIncludeFreeUsers("") // the setting was left blank
	if err != nil {
		fmt.Println(err)
		return
	}
	classifier := zoom.Classifier{IncludeFreeUsers: include}
	summary, err := classifier.Summarize(srv.Client().Users.Roster(nil).All(context.Background()))
	fmt.Println(summary.Licensed, summary.Basic, err)
	// Output: 2 0 <nil>
}

func ExampleUsersService_Reclaim() {
	srv := smallAccount()
	defer srv.Close()
	users := srv.Client().Users
	for _, email := range []string{"ben@example.com", "ben@example.com", "ada@example.com"} {
		result, err := users.Reclaim(context.Background(), email, zoom.ReclaimDowngrade, nil)
		fmt.Println(result.Outcome, errors.Is(err, zoom.ErrProtected))
	}
	// Output:
	// reclaimed false
	// already reclaimed false
	// protected true
}

func ExampleList_Resume() {
	srv := zoomtest.NewServer(zoomtest.WithUsers(900, 1))
	defer srv.Close()
	list := srv.Client(zoom.WithRetry(zoom.RetryPolicy{MaxAttempts: 1})).Users.List(nil)
	srv.Inject(zoomtest.Fault{Route: "/users", Skip: 1, Status: http.StatusBadGateway}) // the second page
	ctx := context.Background()

	first, err := list.Collect(ctx)
	var failed *zoom.PageError
	if !errors.As(err, &failed) {
		fmt.Println(err)
		return
	}
	rest, err := list.Resume(failed.Token).Collect(ctx)
	fmt.Println(len(first), errors.Is(failed, zoom.ErrServer), len(rest) > 0, err)
	// Output: 300 true true <nil>
}

func ExampleReportsService_Hosts() {
	srv := zoomtest.NewServer(zoomtest.WithUsers(50, 1))
	defer srv.Close()
	hosts := srv.Client().Reports.Hosts(&zoom.HostsOptions{From: time.Now().AddDate(0, 0, -89)})
	months := map[time.Time]bool{}
	for host, err := range hosts.All(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		months[host.From] = true // a row for each host and month
	}
	fmt.Println(len(months), "months")
	// Output: 3 months
}

func ExampleListOf() {
	type group struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	srv := smallAccount()
	defer srv.Close()
	srv.AddGroup("Exempt from reclaim")
	groups := zoom.ListOf[group](srv.Client(), &zoom.Request{Path: "/groups"}, "groups")
	for g, err := range groups.All(context.Background()) {
		fmt.Println(g.Name, err)
	}
	// Output: Exempt from reclaim <nil>
}

func ExampleClient_Preflight() {
	srv := zoomtest.NewServer(zoomtest.WithScopes("user:read:list_users:admin", "user:read:user:admin"))
	defer srv.Close()

	err := srv.Client().Preflight(context.Background(), zoom.TaskRoster, zoom.TaskReclaim)
	var missing *zoom.MissingScopesError
	switch {
	case errors.As(err, &missing):
		for _, m := range missing.Missing {
			fmt.Printf("%s: %s needs %s or %s\n", m.Task, m.Endpoint, m.Classic, m.Granular)
		}
	case errors.Is(err, zoom.ErrScopesUnknown):
		fmt.Println("Zoom will tell at the call")
	}
	// Output:
	// reclaim: PUT /users/{userId}/status needs user:write:admin or user:update:status:admin
	// reclaim: PATCH /users/{userId} needs user:write:admin or user:update:user:admin
	// reclaim: GET /users/{userId}/meetings needs meeting:read:admin or meeting:read:list_meetings:admin
}
