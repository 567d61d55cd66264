package main

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/seatkit/zoom"
)

// checkMock calls every method of the client against Prism's mock, which answers
// with the examples of the description and refuses what it does not describe.
func checkMock(ctx context.Context, p *report, command []string, d *description, file string) error {
	mock, err := startPrism(ctx, command, "mock", "--errors", file)
	if err != nil {
		return err
	}
	defer mock.stop()
	p.heading("client against Prism's mock:")
	rec := newRecorder(d)
	client, err := newClient(rec, mock.url, "example")
	if err != nil {
		return err
	}
	s := &subject{
		client: client, user: "KDcuGIm1QgePTO8WbOqwIQ", email: "jchill@example.com", group: "SobVexyrQjqCkcxjpBWi6w",
		meeting: 93398114182, uuid: "/abcABC//123==",
		from: time.Now().AddDate(0, 0, -20), to: time.Now().AddDate(0, 0, -3), pageSize: 300,
	}
	calls := slices.Concat(reads(), others(), writes(), updates(d))
	for _, name := range uncalled(calls) {
		r := newResult(name)
		r.problem("no call of this method is in the table")
		p.add(r)
	}
	for _, c := range calls {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := newResult(c.name)
		rec.begin(c.user)
		out, err := c.run(ctx, s)
		exchanges := rec.take()
		r.absorb(exchanges, &p.found)
		switch {
		case err != nil:
			r.problem("ended in %v", err)
		case len(exchanges) == 0:
			r.problem("sent nothing")
		default:
			last := exchanges[len(exchanges)-1]
			compareBodies(r, &c, &last)
			if out != nil {
				compareAnswer(r, out, last.body)
			}
		}
		p.add(r)
	}
	return nil
}

func newRecorder(d *description) *recorder {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.MaxResponseHeaderBytes = 16 << 20 // Prism's findings stand in a header
	return &recorder{next: transport, desc: d}
}

// newClient makes a client whose every request is recorded and sent once.
func newClient(rec *recorder, base, token string) (*zoom.Client, error) {
	return zoom.NewClient(zoom.StaticToken(token), zoom.WithBaseURL(base), zoom.WithLimiter(zoom.Unlimited()),
		zoom.WithRetry(zoom.RetryPolicy{MaxAttempts: 1}), zoom.WithHTTPClient(&http.Client{Transport: rec}))
}

// compareBodies looks for what got lost between the update that was asked for and
// the body that left.
func compareBodies(r *result, c *call, e *exchange) {
	if c.want == nil {
		return
	}
	sent, err := decodeObject(e.request)
	if err != nil {
		r.problem("the request body: %v", err)
		return
	}
	var cmp comparison
	cmp.compare("request", c.want, sent)
	r.take(&cmp)
}

// compareAnswer looks for what got lost between an answer and the typed values.
func compareAnswer(r *result, out *outcome, body []byte) {
	if out.values == nil && out.key == "" {
		return
	}
	answer, err := decodeObject(body)
	if err != nil {
		r.problem("the answer: %v", err)
		return
	}
	var cmp comparison
	if out.key == "" {
		cmp.compare("answer", answer, out.values[0])
		r.take(&cmp)
		return
	}
	items, _ := answer[out.key].(array)
	if len(items) != len(out.values) || len(items) == 0 {
		r.problem("%d items under %q became %d", len(items), out.key, len(out.values))
		return
	}
	r.items = len(items)
	for i, item := range items {
		cmp.compare(fmt.Sprintf("%s.%d", out.key, i), item, out.values[i])
	}
	if out.page != nil {
		known := object{}
		for _, name := range []string{"next_page_token", "page_size", "total_records"} {
			known[name] = answer[name]
		}
		cmp.compare("page", known, out.page)
	}
	r.take(&cmp)
}

func (r *result) take(cmp *comparison) {
	r.fields += cmp.fields
	for _, text := range cmp.lost {
		r.problem("lost: %s", text)
	}
}

// uncalled returns the methods of the client's services that no call is named
// after.
func uncalled(calls []call) []string {
	var missing []string
	client := reflect.TypeFor[zoom.Client]()
	for i := range client.NumField() {
		field := client.Field(i)
		if !field.IsExported() {
			continue
		}
		for j := range field.Type.NumMethod() {
			name := field.Name + "." + field.Type.Method(j).Name
			found := false
			for _, c := range calls {
				found = found || c.name == name || strings.HasPrefix(c.name, name+" ")
			}
			if !found {
				missing = append(missing, name)
			}
		}
	}
	return missing
}
