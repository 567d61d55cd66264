package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/seatkit/zoom"
)

// exclusive are the members of a user update that Zoom takes one at a time.
var exclusive = []string{"type", "plan_united_type", "zoom_one_type", "license_info_list"}

// updates are calls of Users.Update that set everything the description names:
// one with the profile and one for each way to change a licence. want is the
// body that has to leave.
func updates(d *description) []call {
	body := d.exampleBody("PATCH", "/users/{userId}")
	profile := maps.Clone(body)
	bodies := map[string]object{"profile": profile}
	for _, name := range exclusive {
		delete(profile, name)
		if value, ok := body[name]; ok {
			bodies[name] = object{name: value}
		}
	}
	if _, ok := profile["manager"]; ok {
		profile["manager"] = "thill@example.com" // the described example is no address
	}
	var calls []call
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		calls = append(calls, call{
			name: "Users.Update " + name, needs: hasUser, want: bodies[name],
			run: func(ctx context.Context, s *subject) (*outcome, error) {
				var update zoom.UserUpdate
				data, err := json.Marshal(bodies[name])
				if err == nil {
					err = json.Unmarshal(data, &update)
				}
				if err != nil {
					return nil, err
				}
				return none(s.client.Users.Update(ctx, s.user, &update))
			},
		})
	}
	return calls
}

// exampleBody is the request body that the examples of an operation make.
func (d *description) exampleBody(method, path string) object {
	var body object
	eachSchema(d.doc, func(p, m string, response bool, schema object) {
		if p == path && m == method && !response {
			body, _ = example(schema).(object)
		}
	})
	return body
}

func example(schema object) any {
	if value, ok := schema["example"]; ok {
		return value
	}
	switch schema["type"] {
	case "array":
		items, _ := schema["items"].(object)
		return array{example(items)}
	case "object":
		o := object{}
		properties, _ := schema["properties"].(object)
		for name, p := range properties {
			if property, ok := p.(object); ok {
				o[name] = example(property)
			}
		}
		return o
	}
	return nil
}
