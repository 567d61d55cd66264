package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// A comparison looks for what got lost between the JSON that was sent and the
// typed value that the client made of it.
type comparison struct {
	fields int      // members that were there with a value
	lost   []string // where, and how they differ
}

// compare writes the typed value as JSON again and looks for every member of sent
// that has a value.
func (c *comparison) compare(place string, sent any, typed any) {
	data, err := json.Marshal(typed)
	if err != nil {
		c.lost = append(c.lost, fmt.Sprintf("%s cannot be written as JSON: %v", place, err))
		return
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var kept any
	if err := dec.Decode(&kept); err != nil {
		c.lost = append(c.lost, fmt.Sprintf("%s is written as broken JSON: %v", place, err))
		return
	}
	c.walk(place, sent, kept)
}

func (c *comparison) walk(place string, sent, kept any) {
	if isZero(sent) {
		return
	}
	switch s := sent.(type) {
	case object:
		k, ok := kept.(object)
		if !ok {
			c.differ(place, sent, kept)
			return
		}
		for _, name := range slices.Sorted(maps.Keys(s)) {
			c.walk(place+"."+name, s[name], k[name])
		}
	case array:
		k, ok := kept.(array)
		if !ok || len(k) != len(s) {
			c.differ(place, sent, kept)
			return
		}
		for i := range s {
			c.walk(place+"."+strconv.Itoa(i), s[i], k[i])
		}
	default:
		c.fields++
		if sent != kept && !sameInstant(sent, kept) {
			c.differ(place, sent, kept)
		}
	}
}

func (c *comparison) differ(place string, sent, kept any) {
	c.lost = append(c.lost, fmt.Sprintf("%s: sent %v, kept %v", place, sent, kept))
}

// isZero reports whether a value says nothing: a type may leave it out.
func isZero(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case json.Number:
		return v == "0"
	case array:
		return len(v) == 0
	case object:
		for _, member := range v {
			if !isZero(member) {
				return false
			}
		}
		return true
	}
	return false
}

func sameInstant(a, b any) bool {
	text, ok := a.(string)
	other, isText := b.(string)
	if !ok || !isText {
		return false
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return false
	}
	u, err := time.Parse(time.RFC3339, other)
	return err == nil && t.Equal(u)
}
