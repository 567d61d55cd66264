package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// oddAnswers are calls that have to end in a certain error, and what Zoom is
// known to do in spite of its description.
func oddAnswers(fake *zoomtest.Server, rec *recorder, base string) []call {
	ends := func(name string, want error, do func(ctx context.Context, c *zoom.Client) error) call {
		return call{name: name, run: func(ctx context.Context, s *subject) (*outcome, error) {
			if err := do(ctx, s.client); !errors.Is(err, want) {
				return nil, fmt.Errorf("want %w, got %w", want, err)
			}
			return &outcome{}, nil
		}}
	}
	return []call{
		ends("refused: unknown user", zoom.ErrNotFound, func(ctx context.Context, c *zoom.Client) error {
			_, err := c.Users.Get(ctx, "nobody@example.com")
			return err
		}),
		ends("refused: unknown meeting", zoom.ErrNotFound, func(ctx context.Context, c *zoom.Client) error {
			_, err := c.Meetings.Instances(ctx, "1")
			return err
		}),
		ends("refused: unknown UUID with slashes", zoom.ErrNotFound, func(ctx context.Context, c *zoom.Client) error {
			_, err := c.Reports.Participants("/no//such+meeting==", nil).Page(ctx, "")
			return err
		}),
		ends("refused: page token of another listing", zoom.ErrPageTokenExpired, func(ctx context.Context, c *zoom.Client) error {
			_, err := c.Users.List(nil).Page(ctx, "b43YBRLJFg3V4vsSpxvGdKIGtNbxn9h9If2")
			return err
		}),
		ends("refused: bad token", zoom.ErrUnauthorized, func(ctx context.Context, _ *zoom.Client) error {
			c, err := newClient(rec, base, "not-a-token")
			if err != nil {
				return err
			}
			_, err = c.Users.Summary(ctx)
			return err
		}),
		ends("server failure", zoom.ErrServer, func(ctx context.Context, c *zoom.Client) error {
			fake.Inject(zoomtest.ServerError(http.StatusInternalServerError))
			_, err := c.Users.Summary(ctx)
			return err
		}),
		ends("204 for a change of status", nil, func(ctx context.Context, c *zoom.Client) error {
			fake.SetQuirks(zoomtest.Quirks{StatusCode: http.StatusNoContent})
			return c.Users.Deactivate(ctx, oddity().Email)
		}),
	}
}
