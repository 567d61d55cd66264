package zoom_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

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
