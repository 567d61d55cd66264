// Package pace says when a request may be sent to an account that limits them: by
// turns at even distances, exits that no crowd takes, a budget for each day, and a gate
// that a daily limit shuts.
//
//   - [Limiter] combines them for the classes of one account.
//   - [Rate] is what one answer said about limits.
//
// Its errors are plain; package zoom makes the public ones of them.
package pace

import "strings"

// A Class is the rate-limit label of an endpoint, in the numbers of zoom.RateClass.
type Class int

// The classes. The zero value is Medium.
const (
	Medium Class = iota
	Light
	Heavy
	ResourceIntensive

	NumClasses = iota
)

// IsKnown reports whether c is one of the four.
func (c Class) IsKnown() bool { return c >= 0 && c < NumClasses }

// Gate returns the class whose gate stops c: heavy and resource-intensive requests
// share one.
func (c Class) Gate() Class {
	if c == ResourceIntensive {
		return Heavy
	}
	return c
}

// separators differ between Zoom's pages.
var separators = strings.NewReplacer("-", "", "_", "", " ", "")

// classOf reads the label of an answer.
func classOf(label string) (c Class, ok bool) {
	switch separators.Replace(strings.ToLower(label)) {
	case "light":
		return Light, true
	case "medium":
		return Medium, true
	case "heavy":
		return Heavy, true
	case "resourceintensive":
		return ResourceIntensive, true
	default:
		return 0, false
	}
}
