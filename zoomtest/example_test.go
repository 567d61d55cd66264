package zoomtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

func Example() {
	server := zoomtest.NewServer()
	server.AddUser(zoom.User{Email: "jill@example.com", Type: zoom.TypeLicensed})
	client := server.Client()

	if err := client.Users.Deactivate(context.Background(), "jill@example.com"); err != nil {
		fmt.Println(err)
	}
	jill, _ := server.User("jill@example.com")
	fmt.Println(jill.Status, jill.Type == zoom.TypeBasic)
	// Output: inactive true
}

func ExampleWithUsers() {
	server := zoomtest.NewServer(zoomtest.WithUsers(1200, 1))
	users, err := server.Client().Users.Roster(nil).Collect(context.Background())
	fmt.Println(len(users), err)
	// Output: 1200 <nil>
}

func ExampleServer_Inject() {
	server := zoomtest.NewServer()
	server.AddUser(zoom.User{Email: "jill@example.com"})
	server.Inject(zoomtest.MissingScope("user:read:user:admin").On("GET", "/users/{userId}"))

	_, err := server.Client().Users.Get(context.Background(), "jill@example.com")
	fmt.Println(errors.Is(err, zoom.ErrScope))
	// Output: true
}

func ExampleServer_OnPage() {
	server := zoomtest.NewServer(zoomtest.WithUsers(100, 1))
	server.OnPage(func(p *zoomtest.Page) { p.Next = p.Token }) // the listing never ends

	_, err := server.Client().Users.List(nil).Collect(context.Background())
	fmt.Println(errors.Is(err, zoom.ErrPageLoop))
	// Output: true
}

func ExampleServer_AddPastMeeting() {
	monday := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	server := zoomtest.NewServer(zoomtest.WithTime(monday.AddDate(0, 0, 1)))
	server.AddUser(zoom.User{Email: "jill@example.com", Type: zoom.TypeLicensed})
	server.AddPastMeeting(zoomtest.PastMeeting{
		HostID: "jill@example.com", Start: monday, End: monday.Add(time.Hour),
		Participants: []zoom.Participant{{UserEmail: "jill@example.com"}, {Name: "Guest"}},
	})

	hosts, err := server.Client().Reports.Hosts(&zoom.HostsOptions{Type: "active", From: monday, To: monday}).Collect(context.Background())
	for _, h := range hosts {
		fmt.Println(h.Email, h.Meetings, h.MeetingMinutes, h.Participants)
	}
	fmt.Println(err)
	// Output:
	// jill@example.com 1 60 2
	// <nil>
}

func ExampleServer_Allow() {
	server := zoomtest.NewServer(zoomtest.WithCredentials("account", "client", "secret"))
	login := "https://zoom.us/oauth/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {"client"}, "redirect_uri": {"https://app.example.com/callback"}, "state": {"xyz"},
	}.Encode()

	callback, err := server.Allow(login)
	u, _ := url.Parse(callback)
	fmt.Println(u.Host, u.Query().Get("state"), u.Query().Has("code"), err)

	_, err = server.Allow(login + "&scope=user:read")
	fmt.Println(err)
	// Output:
	// app.example.com xyz true <nil>
	// zoomtest: Allow: Invalid scope: user:read
}

func ExampleServer_Event() {
	monday := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	server := zoomtest.NewServer(zoomtest.WithTime(monday), zoomtest.WithCredentials("account", "client", "secret"))
	body := server.Event("meeting.started", map[string]any{"id": "85746065"})
	fmt.Println(string(body))

	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Header.Get("x-zm-request-timestamp"))
	})
	handler.ServeHTTP(httptest.NewRecorder(), zoomtest.NewEventRequest("https://app.example.com/zoom", "secret token", server.Now(), body))
	// Output:
	// {"event":"meeting.started","event_ts":1795424400000,"payload":{"account_id":"account","object":{"id":"85746065"}}}
	// 1795424400
}
