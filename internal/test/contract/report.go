package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// A report is what the check prints, call by call, and what it found.
type report struct {
	out      io.Writer
	found    findings
	failures int
}

// A result is what one call of the table did, over all its subjects.
type result struct {
	name      string
	runs      int
	refused   int // refusals that an API of this kind has: unknown, protected, not allowed
	requests  int
	items     int
	fields    int // compared between the JSON and the types
	problems  map[string]int
	seen      map[string]bool // operations of the description
	succeeded bool
}

func newResult(name string) *result {
	return &result{name: name, problems: map[string]int{}, seen: map[string]bool{}}
}

func (r *result) problem(format string, args ...any) { r.problems[fmt.Sprintf(format, args...)]++ }

// absorb takes in the exchanges of one run.
func (r *result) absorb(exchanges []exchange, found *findings) {
	r.runs++
	r.requests += len(exchanges)
	for i := range exchanges {
		e := &exchanges[i]
		if e.op != nil {
			r.seen[e.op.String()] = true
		}
		if e.status < 300 {
			r.succeeded = true
		}
		for _, v := range e.violations {
			if key := e.key(v); found.known(key) == nil {
				r.problem("%s: %s", key, v.Message)
			}
		}
	}
}

func (p *report) heading(format string, args ...any) {
	fmt.Fprintf(p.out, "\n"+format+"\n", args...)
}

// add prints the line of one call.
func (p *report) add(r *result) {
	verdict := "ok  "
	if len(r.problems) > 0 {
		verdict = "FAIL"
		p.failures += len(r.problems)
	}
	fmt.Fprintf(p.out, "%s  %-42s %s\n", verdict, r.name, r.figures())
	for _, text := range slices.Sorted(maps.Keys(r.problems)) {
		if n := r.problems[text]; n > 1 {
			text = fmt.Sprintf("%s (%d times)", text, n)
		}
		fmt.Fprintf(p.out, "      - %s\n", text)
	}
}

func (r *result) figures() string {
	figures := []string{
		strings.Join(slices.Sorted(maps.Keys(r.seen)), ", "),
		fmt.Sprintf("%d requests", r.requests),
	}
	if r.items > 0 {
		figures = append(figures, fmt.Sprintf("%d items", r.items))
	}
	if r.fields > 0 {
		figures = append(figures, fmt.Sprintf("%d fields", r.fields))
	}
	if r.refused > 0 {
		figures = append(figures, fmt.Sprintf("%d refused", r.refused))
	}
	return strings.Join(figures, ", ")
}

// end prints the known defects and the verdict.
func (p *report) end() error {
	p.heading("known defects of the description:")
	for _, d := range defects {
		fmt.Fprintf(p.out, "%5d times  %-18s section %s: %s\n", p.found.hits[d.name], d.name, d.source, d.reason)
	}
	if unseen := p.found.unseen(); len(unseen) > 0 {
		fmt.Fprintf(p.out, "did not occur, perhaps repaired by Zoom: %s\n", strings.Join(unseen, ", "))
	}
	if p.failures > 0 {
		return fmt.Errorf("%d kinds of failure", p.failures)
	}
	fmt.Fprintln(p.out, "\nclient, fake and description agree")
	return nil
}
