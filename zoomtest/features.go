package zoomtest

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/seatkit/zoom"
)

// postFeatures is POST /users/features: up to 30 users at once. It answers 201
// even if it could change none of them. Modelled are user_type, zoom_one_type and
// plan_united_type; the other features are stored as they come.
func postFeatures(c *call) *answer {
	var body struct {
		FeatureType  string `json:"feature_type"`
		FeatureValue string `json:"feature_value"`
		Users        []struct {
			ID    string `json:"id"`
			Email string `json:"email"`
		} `json:"users"`
	}
	if !readJSON(c.body, &body) || len(body.Users) == 0 || len(body.Users) > 30 {
		return invalid("users")
	}
	patch, field := featurePatch(body.FeatureType, body.FeatureValue)
	if field != "" {
		return invalid(field)
	}
	type failure struct {
		UserIDs []string `json:"user_ids"`
		Reason  string   `json:"reason"`
	}
	success, failed := []string{}, []failure{}
	fail := func(id, reason string) {
		for i := range failed {
			if failed[i].Reason == reason {
				failed[i].UserIDs = append(failed[i].UserIDs, id)
				return
			}
		}
		failed = append(failed, failure{[]string{id}, reason})
	}
	for _, wanted := range body.Users {
		key := or(wanted.ID, wanted.Email)
		m := c.s.find(key)
		switch {
		case m == nil:
			fail(key, "Users not found")
		case patch.Type != nil && m.user.Type == *patch.Type:
			fail(or(m.user.ID, key), "No need to update")
		case m.room:
			fail(m.user.ID, "Can't update for Zoom Room users")
		case patch.Type != nil && m.user.ZoomOneType != 0:
			fail(m.user.ID, "Can't update for Zoom One users")
		case patch.Type != nil && m.user.PlanUnitedType != "":
			fail(m.user.ID, "Can't update for Zoom United users")
		case m.events && patch.Type != nil && *patch.Type == zoom.TypeBasic:
			fail(m.user.ID, "Have upcoming events")
		case c.patch(m, patch) != nil:
			fail(or(m.user.ID, key), "Not enough seats")
		default:
			success = append(success, or(m.user.ID, key))
		}
	}
	o := beginObject(nil)
	o.any("success_user_ids", success)
	o.any("fail_details", failed)
	return &answer{status: http.StatusCreated, body: o.end()}
}

// featurePatch is the patch that a feature stands for, or the field that is wrong.
func featurePatch(kind, value string) (*userPatch, string) {
	number, err := strconv.ParseInt(value, 10, 64)
	switch kind {
	case "user_type":
		if value != "1" && value != "2" {
			return nil, "feature_value"
		}
		return &userPatch{Type: new(zoom.UserType(number))}, ""
	case "zoom_one_type":
		p := &userPatch{ZoomOneType: &number}
		if err != nil || p.badField() != "" {
			return nil, "feature_value"
		}
		return p, ""
	case "plan_united_type":
		return &userPatch{PlanUnitedType: &value}, ""
	}
	others := []string{
		"concurrent_meeting", "large_meeting", "webinar", "zoom_events", "zoom_whiteboard",
		"zoom_iq_for_sales", "zoom_revenue_accelerator", "zoom_clips_plus",
	}
	if !slices.Contains(others, kind) {
		return nil, "feature_type"
	}
	return &userPatch{Feature: map[string]any{kind: value}}, ""
}
