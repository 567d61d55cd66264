// Package wire turns values into the bytes that Zoom reads and the bytes that
// Zoom sends into values: path segments, JSON bodies, pages, error bodies.
// Nothing in it sends anything.
package wire

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSegment is the longest path value in bytes. Zoom's ids have 22 characters
// and an e-mail address at most 254.
const maxSegment = 256

// Path fills a route template such as "/users/{userId}/status" with values and
// returns the escaped path. Every value becomes exactly one segment. A value of
// a placeholder whose name begins with "meeting" follows Zoom's rule for
// meeting UUIDs: one that contains a slash is escaped twice.
//
// The errors name the placeholder and never the value, which may be an e-mail
// address.
func Path(template string, values ...string) (string, error) {
	if !strings.HasPrefix(template, "/") || strings.ContainsAny(template, "?#%") {
		return "", errors.New("the path must be a route template that begins with a slash, without query, fragment or escapes")
	}
	var b strings.Builder
	b.Grow(len(template) + 64)
	for segment := range strings.SplitSeq(template[1:], "/") {
		b.WriteByte('/')
		name, isValue := strings.CutPrefix(segment, "{")
		if !isValue {
			if strings.ContainsAny(segment, "{}") || segment == "." || segment == ".." {
				return "", errors.New("the path must be made of literal segments and {placeholders}")
			}
			b.WriteString(segment)
			continue
		}
		name, closed := strings.CutSuffix(name, "}")
		if !closed || len(values) == 0 {
			return "", errors.New("the path has a placeholder without a value")
		}
		escaped, err := pathSegment(values[0], strings.HasPrefix(name, "meeting"))
		if err != nil {
			return "", fmt.Errorf("%s %w", name, err)
		}
		b.WriteString(escaped)
		values = values[1:]
	}
	if len(values) > 0 {
		return "", errors.New("the path has fewer placeholders than values")
	}
	return b.String(), nil
}

// pathSegment escapes one value so that it stays one segment, also behind a
// proxy that decodes %2F and normalises the path afterwards.
func pathSegment(value string, isMeeting bool) (string, error) {
	if err := checkSegment(value); err != nil {
		return "", err
	}
	escaped := url.QueryEscape(value) // PathEscape leaves + = & @ : and $ alone
	if isMeeting && strings.Contains(value, "/") {
		escaped = url.QueryEscape(escaped)
	}
	return escaped, nil
}

func checkSegment(value string) error {
	switch {
	case value == "":
		return errors.New("is empty")
	case len(value) > maxSegment:
		return fmt.Errorf("is longer than %d bytes", maxSegment)
	case !utf8.ValidString(value):
		return errors.New("is not valid UTF-8")
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }):
		return errors.New("contains a blank or a control character")
	}
	for part := range strings.SplitSeq(value, "/") {
		if part == "." || part == ".." {
			return errors.New("contains a dot segment")
		}
	}
	return nil
}
