package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomauth"
)

var tasks = []zoom.Task{zoom.TaskRoster, zoom.TaskAccess, zoom.TaskLicenses, zoom.TaskReclaim}

const cardLimit = 15 * time.Second // of what Zoom is asked for a page

// A card is what the page shows of a region.
type card struct {
	Region  zoomauth.Region
	Title   string
	Connect string          // where its Authorize button leads
	Token   *zoomauth.Token // nil: nobody has authorised
	Problem string          // why some of it is not known
	Tasks   []taskCard
	Others  []string // scopes that no task needs
	Users   *zoom.UsersSummary
}

type taskCard struct {
	Name    string
	Needs   []need
	Missing int
}

// A need is an endpoint of a task, and the scopes that open it.
type need struct {
	zoom.TaskScope
	Granted []string
	Missing bool
}

// look reads the stored token, and asks Zoom.
func (i *installation) look(ctx context.Context) *card {
	ctx, cancel := context.WithTimeout(ctx, cardLimit)
	defer cancel()
	c := &card{Region: i.app.Region, Title: titleOf(i.app.Region), Connect: originOf(i.app) + connectPath + "?region=" + string(i.app.Region)}
	if err := i.locked(func() error { return i.fill(ctx, c) }); err != nil && !errors.Is(err, zoomauth.ErrNoToken) {
		c.Problem = explain(err).Text + " (" + err.Error() + ")"
	}
	return c
}

func (i *installation) fill(ctx context.Context, c *card) (err error) {
	if c.Token, err = i.store.Load(ctx); err != nil {
		return err
	}
	source, client, err := i.connect()
	if err != nil {
		return err
	}
	if c.Token, err = source.Installation(ctx); err != nil { // the same, or a fresh one
		c.Token, _ = i.store.Load(ctx)
		return err
	}
	missing, err := missingScopes(ctx, client)
	if err != nil {
		return err
	}
	c.addTasks(missing)
	c.Users, err = client.Users.Summary(ctx)
	return err
}

// missingScopes asks about all tasks at once. That scopes are missing is no error.
func missingScopes(ctx context.Context, client *zoom.Client) ([]zoom.MissingScope, error) {
	err := client.Preflight(ctx, tasks...)
	if found, ok := errors.AsType[*zoom.MissingScopesError](err); ok {
		return found.Missing, nil
	}
	return nil, err
}

// addTasks puts each scope under the tasks that need it.
func (c *card) addTasks(missing []zoom.MissingScope) {
	c.Others = slices.Clone(c.Token.Scopes)
	for _, task := range tasks {
		t := taskCard{Name: task.String()}
		for _, scope := range task.Scopes() {
			n := need{TaskScope: scope}
			for _, name := range c.Token.Scopes {
				if name == scope.Classic || name == scope.Granular {
					n.Granted = append(n.Granted, name)
					c.Others = slices.DeleteFunc(c.Others, func(other string) bool { return other == name })
				}
			}
			n.Missing = slices.ContainsFunc(missing, func(m zoom.MissingScope) bool { return m.Task == task && m.Endpoint == scope.Endpoint })
			if n.Missing {
				t.Missing++
			}
			t.Needs = append(t.Needs, n)
		}
		c.Tasks = append(c.Tasks, t)
	}
}
