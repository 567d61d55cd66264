package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// An exchange is one request of the client with what Prism said about it.
type exchange struct {
	op         *operation // nil: not in the description
	request    []byte     // body
	status     int
	body       []byte
	violations []violation
}

// A violation is one finding of Prism, or of the recorder where Prism is silent.
type violation struct {
	Location []string `json:"location"`
	Code     string   `json:"code"`
	Message  string   `json:"message"`
}

// A recorder is the client's transport: it passes everything on and keeps it.
type recorder struct {
	next http.RoundTripper
	desc *description

	mu        sync.Mutex
	exchanges []exchange
	user      object // laid over every user that is read; nil: nothing
}

// begin forgets what was recorded and lays user over the users that are read:
// Prism's mock has one user and no memory.
func (r *recorder) begin(user object) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges, r.user = nil, maps.Clone(user)
}

// take returns what was recorded since the last call.
func (r *recorder) take() []exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.exchanges
	r.exchanges = nil
	return taken
}

// RoundTrip implements [http.RoundTripper].
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	var sent []byte
	if req.Body != nil {
		data, err := drain(req.Body)
		if err != nil {
			return nil, err
		}
		sent = data
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(sent))
	}
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := drain(resp.Body)
	if err != nil {
		return nil, err
	}
	e := exchange{op: r.desc.find(req.Method, req.URL.EscapedPath()), request: sent, status: resp.StatusCode}
	e.violations = append(undescribed(e.op, req), prismViolations(resp.Header, body)...)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.user != nil && e.op != nil {
		body = r.overlay(e.op.String(), path.Base(req.URL.Path), sent, body)
		resp.ContentLength = int64(len(body))
		resp.Header.Del("Content-Length")
	}
	e.body = body
	r.exchanges = append(r.exchanges, e)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// overlay keeps what a write says and shows it in what is read, under the id that
// was asked for.
func (r *recorder) overlay(op, id string, sent, body []byte) []byte {
	change, _ := decodeObject(sent)
	switch op {
	case "PATCH /users/{userId}":
		maps.Copy(r.user, change)
	case "PUT /users/{userId}/status":
		r.user["status"] = map[any]string{"activate": "active", "deactivate": "inactive"}[change["action"]]
	case "GET /users/{userId}":
		user, err := decodeObject(body)
		if err != nil {
			return body
		}
		maps.Copy(user, r.user)
		user["id"] = id
		if data, err := json.Marshal(user); err == nil {
			return data
		}
	}
	return body
}

func drain(r io.ReadCloser) ([]byte, error) {
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// undescribed finds what Prism lets pass: parameters that no one has described.
func undescribed(op *operation, req *http.Request) []violation {
	if op == nil {
		return []violation{{Location: []string{"request"}, Code: "path", Message: "no such operation in the description"}}
	}
	var found []violation
	for name := range req.URL.Query() {
		if !op.query[name] {
			found = append(found, violation{[]string{"request", "query", name}, "undescribed", "the description has no such parameter"})
		}
	}
	return found
}

// prismViolations reads the header of the findings, or the body that Prism puts
// in the place of an answer.
func prismViolations(header http.Header, body []byte) []violation {
	var found []violation
	if text := header.Get("Sl-Violations"); text != "" {
		if err := json.Unmarshal([]byte(text), &found); err != nil {
			return []violation{{Code: "unreadable", Message: "Prism's findings cannot be read: " + text}}
		}
	}
	if !strings.HasPrefix(header.Get("Content-Type"), "application/problem+json") {
		return found
	}
	var problem struct {
		Title, Detail string
		Validation    []violation
	}
	if err := json.Unmarshal(body, &problem); err != nil || len(problem.Validation) == 0 {
		return append(found, violation{[]string{"request"}, "problem", problem.Title + ": " + problem.Detail})
	}
	return append(found, problem.Validation...)
}

var (
	index      = regexp.MustCompile(`^\d+$`)
	additional = regexp.MustCompile(`additional properties; found '([^']*)'`)
	statuses   = regexp.MustCompile(`^Unable to match the returned status code`)
)

// key names a kind of violation: the operation, the place without indexes, the
// rule. "GET /users response.body.users.#.type enum".
func (e *exchange) key(v violation) string {
	place := slices.Clone(v.Location)
	for i, part := range place {
		if index.MatchString(part) {
			place[i] = "#"
		}
	}
	code := v.Code
	if m := additional.FindStringSubmatch(v.Message); m != nil {
		place = append(place, m[1])
	}
	if code == "" && statuses.MatchString(v.Message) {
		code = fmt.Sprintf("status-%d", e.status)
	}
	op := "(unknown)"
	if e.op != nil {
		op = e.op.String()
	}
	return fmt.Sprintf("%s %s %s", op, strings.Join(place, "."), code)
}
