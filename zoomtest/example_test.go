package zoomtest_test

import (
	"context"
	"errors"
	"fmt"
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
