package canary_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// faults are what can be wrong with the wire or the answer, each with as much of
// the request in it as it can repeat. Their names begin with the ids of the table
// of faults that they belong to.
func faults() map[string]func() wire {
	all := map[string]func() wire{
		"RL01 daily":          answers(429, refusal(429, "daily rate limit reached for %s")),
		"RL03 per second":     answers(429, refusal(429, "per-second rate limit: %s")),
		"RL14 concurrent":     answers(429, refusal(429, "Too many concurrent requests for %s.")),
		"BD04 cut":            answers(200, raw(`{"users":[{"id":"PIECE","email":"ALL`)),
		"BD05 empty":          answers(200, raw(``)),
		"BD07 login page":     answers(200, raw(`<html><form action="PIECE"><input value="ALL"></form>`)),
		"BD08 gateway":        answers(502, raw(`<html>no answer to ALL</html>`)),
		"BD10 bad id":         answers(200, raw(`{"id":"PIECE`+"\xff"+`","users":[{"id":"PIECE`+"\xff"+`"}]}`)),
		"BD11 twice":          answers(200, raw(`{"id":"a","id":"PIECE","PIECE":1,"PIECE":2}`)),
		"BD13 no id":          answers(200, raw(`{"users":[{"email":"PIECE"}],"email":"PIECE","participants":[7,"PIECE"]}`)),
		"BD14 null list":      answers(200, raw(`{"users":null,"participants":null,"note":"PIECE"}`)),
		"BD15 wrong type":     answers(200, raw(`{"users":["PIECE"],"participants":["PIECE"],"id":["PIECE"]}`)),
		"BD17 two documents":  answers(200, raw(`{"users":[]}PIECE{"id":"PIECE"}`)),
		"BD18 deep":           answers(200, raw(strings.Repeat("[", 11_000)+"PIECE")),
		"BD27 refusal in 200": answers(200, refusal(300, "Validation failed: %s")),
		"BD28 text":           answers(400, raw(`PIECE`)),
		"BD28 broken JSON":    answers(400, raw(`{"code":104,"message":"Invalid access token PIECE, does not contain scopes:["user:read", "PIECE"]."}`)),
		"NW08 redirect":       answers(302, raw(`<a href="PIECE">moved</a>`)),
		"NW10 redirect":       answers(307, raw(`PIECE`)),
		"NW13 status 0":       answers(0, raw(`PIECE`)),
		"NW13 status 700":     answers(700, raw(`PIECE`)),
		"NW13 status 304":     answers(304, raw(``)),
		"NW14 timeout":        answers(408, refusal(0, "waited for %s")),
		"NW14 too early":      answers(425, refusal(0, "too early: %s")),
		"NW18 proxy":          answers(407, raw(`the proxy knows no PIECE`)),
		"AU01 token":          answers(401, refusal(124, "Invalid access token %s.")),
		"AU01 token, in 200":  answers(200, refusal(124, "Invalid access token %s.")),
		"AU03 scope":          answers(400, refusal(4711, "Invalid access token %s, does not contain scopes:[user:read:admin].")),
		"AU03 scope, older":   answers(400, refusal(4700, "Token scope [%s, user:read] is missing")),
		"AU03 permission":     answers(400, refusal(200, "does not contain permissions: [User:Edit,%s].")),
		"AU23 suspended":      answers(403, refusal(200, "No permission for %s.")),
		"PG04 page token":     answers(400, refusal(300, "The next page token %s is invalid or expired.")),
		"PG18 not found":      answers(404, refusal(1001, "User does not exist: %s")),
		"PG18 meeting":        answers(404, refusal(3001, "Meeting does not exist: %s.")),
		"validation":          answers(400, refusal(300, "Validation Failed.%s")),
		"seats":               answers(400, refusal(2034, "no seats for %s")),
		"conflict":            answers(409, refusal(1009, "%s")),
		"teapot":              answers(418, refusal(9999999, "%s")),
		"server":              answers(500, refusal(500, "trace of %s")),
		"server, empty":       answers(503, raw(`{}`)),
		"nothing at all":      func() wire { return func(*http.Request) (*http.Response, error) { return nil, nil } },
		"BD01 body":           cuts(func(*http.Request) error { return io.ErrUnexpectedEOF }),
		"BD02 body":           cuts(dumpOf),
		"BD21 body":           cuts(func(req *http.Request) error { return fmt.Errorf("gzip: %s", dump(req)) }),
		"BD23 body":           cuts(func(req *http.Request) error { return &netError{dump(req)} }),
	}
	for name, err := range networkErrors {
		all["NW "+name] = breaks(err)
	}
	return all
}
