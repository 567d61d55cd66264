package main

import (
	"maps"
	"slices"
	"strings"
)

// A defect is a known fault of Zoom's description: what Zoom does and the
// description denies. Everything else that Prism reports is a failure.
type defect struct {
	name   string
	source string   // section of the fact sheet, and Zoom's own pages where they say so
	reason string   // why the violation is right in life
	keys   []string // kinds of violation, as exchange.key writes them; "*" stands for any operation
}

// defects is the whole list. Two more defects that Prism cannot see: the licence
// options above 2^53 are rounded by JavaScript in the description and in Prism
// alike, and error bodies have no schema.
var defects = []defect{
	{
		name: "user-type-3", source: "1.14, 2.1",
		reason: "the enumeration has 1, 2, 4 and 99; On-Prem (3) is alive, and new numbers may come",
		keys: []string{
			"* response.body.type enum",
			"* response.body.users.#.type enum",
			"* response.body.members.#.type enum",
		},
	},
	{
		name: "status-put-204", source: "1.0, 1.4",
		reason: "PUT status is described as 200 and was 204 before; both are seen",
		keys:   []string{"PUT /users/{userId}/status response status-204"},
	},
	{
		name: "errors-undeclared", source: "1.0",
		reason: "most operations declare 400, 404 and 429 only; 401, 403 and 5xx happen all the same",
		keys:   []string{"* response status-401", "* response status-403", "* response status-500"},
	},
	{
		name: "empty-times", source: "2.4, 7",
		reason: "a time that is not known can be an empty text instead of an absent member",
		keys: []string{
			"* response.body.last_login_time format",
			"* response.body.users.#.last_login_time format",
		},
	},
}

// findings sorts violations into known defects and failures.
type findings struct {
	hits map[string]int // by name of the defect
}

// known returns the defect that a kind of violation belongs to, or nil.
func (f *findings) known(key string) *defect {
	_, anyOperation, _ := strings.Cut(key, " ") // without the method
	_, anyOperation, _ = strings.Cut(anyOperation, " ")
	for i := range defects {
		d := &defects[i]
		if slices.Contains(d.keys, key) || slices.Contains(d.keys, "* "+anyOperation) {
			if f.hits == nil {
				f.hits = map[string]int{}
			}
			f.hits[d.name]++
			return d
		}
	}
	return nil
}

// unseen lists the defects that did not occur: their entries may be out of date.
func (f *findings) unseen() []string {
	seen := maps.Clone(f.hits)
	var names []string
	for _, d := range defects {
		if seen[d.name] == 0 {
			names = append(names, d.name)
		}
	}
	return names
}
