package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A description is Zoom's API description, or several of them joined: Zoom
// publishes one file for each product.
type description struct {
	doc        object
	operations []*operation
}

// object and array are JSON values. Numbers are kept as text: Zoom's licence
// options do not fit into a float64.
type (
	object = map[string]any
	array  = []any
)

// An operation is one method on one path of the description.
type operation struct {
	method   string
	path     string // template: "/users/{userId}"
	segments []string
	query    map[string]bool
}

func (o *operation) String() string { return o.method + " " + o.path }

// parseDescription reads the first file and adds the paths of the others.
func parseDescription(files ...[]byte) (*description, error) {
	d := &description{}
	for _, data := range files {
		doc, err := decodeObject(data)
		if err != nil {
			return nil, fmt.Errorf("the description: %w", err)
		}
		if _, ok := doc["paths"].(object); !ok {
			return nil, errors.New("the description has no paths")
		}
		if d.doc == nil {
			d.doc = doc
			continue
		}
		maps.Copy(d.doc["paths"].(object), doc["paths"].(object))
	}
	if d.doc == nil {
		return nil, errors.New("no description")
	}
	for path, item := range d.doc["paths"].(object) {
		methods, _ := item.(object)
		for method, op := range methods {
			if fields, ok := op.(object); ok && fields["responses"] != nil {
				d.operations = append(d.operations, newOperation(method, path, fields))
			}
		}
	}
	slices.SortFunc(d.operations, func(a, b *operation) int { return strings.Compare(a.String(), b.String()) })
	return d, nil
}

func newOperation(method, path string, fields object) *operation {
	o := &operation{
		method: strings.ToUpper(method), path: path,
		segments: strings.Split(path, "/"), query: map[string]bool{},
	}
	params, _ := fields["parameters"].(array)
	for _, p := range params {
		param, _ := p.(object)
		if name, ok := param["name"].(string); ok && param["in"] == "query" {
			o.query[name] = true
		}
	}
	return o
}

// find returns the operation of a request, or nil. A literal segment goes before
// a placeholder: /users/summary is not a user.
func (d *description) find(method, escapedPath string) *operation {
	segments := strings.Split(escapedPath, "/")
	var best *operation
	bestLiterals := -1
	for _, o := range d.operations {
		if o.method != method || len(o.segments) != len(segments) {
			continue
		}
		literals := 0
		for i, s := range o.segments {
			switch {
			case strings.HasPrefix(s, "{"):
			case s == segments[i]:
				literals++
			default:
				literals = -len(segments)
			}
		}
		if literals > bestLiterals {
			best, bestLiterals = o, literals
		}
	}
	return best
}

// strict returns a copy that Prism checks more closely than the original: a
// member that the description does not name is a violation, in both directions.
// Every flag in the examples becomes true, because a false one would not show
// whether it is kept.
func (d *description) strict() ([]byte, error) {
	encoded, err := json.Marshal(d.doc)
	if err != nil {
		return nil, err
	}
	doc, err := decodeObject(encoded)
	if err != nil {
		return nil, err
	}
	eachSchema(doc, func(_, _ string, response bool, schema object) {
		closeObjects(schema)
		if response {
			raiseFlags(schema)
		}
	})
	return json.Marshal(doc)
}

// eachSchema visits the JSON bodies of all operations.
func eachSchema(doc object, visit func(path, method string, response bool, schema object)) {
	content := func(path, method string, response bool, holder any) {
		fields, _ := holder.(object)
		media, _ := fields["content"].(object)
		body, _ := media["application/json"].(object)
		if schema, ok := body["schema"].(object); ok {
			delete(body, "example") // those of the members are used
			delete(body, "examples")
			visit(path, strings.ToUpper(method), response, schema)
		}
	}
	for path, item := range doc["paths"].(object) {
		methods, _ := item.(object)
		for method, op := range methods {
			fields, _ := op.(object)
			content(path, method, false, fields["requestBody"])
			responses, _ := fields["responses"].(object)
			for _, response := range responses {
				content(path, method, true, response)
			}
		}
	}
}

// closeObjects joins the parts of allOf and refuses undescribed members. Within
// alternatives all is left as it is, and oneOf becomes anyOf: those of Zoom's
// settings do not exclude each other, so that not even Prism's mock can keep them.
func closeObjects(schema object) {
	if alternatives, ok := schema["oneOf"].(array); ok {
		delete(schema, "oneOf")
		schema["anyOf"] = alternatives
		for _, a := range alternatives {
			if alternative, ok := a.(object); ok && alternative["oneOf"] != nil {
				closeObjects(alternative)
			}
		}
		return
	}
	parts, _ := schema["allOf"].(array)
	delete(schema, "allOf")
	for _, p := range parts {
		part, _ := p.(object)
		closeObjects(part)
		joinSchema(schema, part)
	}
	properties, _ := schema["properties"].(object)
	for _, p := range properties {
		if property, ok := p.(object); ok {
			closeObjects(property)
		}
	}
	if items, ok := schema["items"].(object); ok {
		closeObjects(items)
	}
	if len(properties) > 0 && schema["anyOf"] == nil {
		schema["additionalProperties"] = false
	}
}

func joinSchema(into, part object) {
	for key, value := range part {
		switch v := value.(type) {
		case object:
			old, _ := into[key].(object)
			joined := maps.Clone(v)
			maps.Copy(joined, old)
			into[key] = joined
		case array:
			old, _ := into[key].(array)
			into[key] = append(slices.Clone(old), v...)
		default:
			into[key] = value
		}
	}
}

func raiseFlags(schema object) {
	if schema["type"] == "boolean" {
		schema["example"] = true
	}
	for _, value := range schema {
		switch v := value.(type) {
		case object:
			raiseFlags(v)
		case array:
			for _, e := range v {
				if o, ok := e.(object); ok {
					raiseFlags(o)
				}
			}
		}
	}
}

// decodeObject reads one JSON object with its numbers as text.
func decodeObject(data []byte) (object, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var o object
	if err := dec.Decode(&o); err != nil {
		return nil, err
	}
	return o, nil
}
