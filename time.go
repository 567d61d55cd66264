package zoom

import (
	"encoding/json"
	"time"

	"github.com/seatkit/zoom/internal/wire"
)

// A Time is a moment as Zoom sent it. Three cases stay apart, because decisions
// rest on them: a nil *Time means that Zoom sent nothing (the field was absent or
// null); a non-nil Time that [Time.IsZero] means that it sent something empty or
// unreadable, which [Time.Raw] keeps; anything else is a moment. Neither of the
// first two means "never".
//
// All methods accept nil.
type Time struct {
	t   time.Time
	raw string // what Zoom sent, where it is not t in the usual form
}

// notSent marks a Time that waits for a value: no JSON text can hold it, because
// a lone byte of that kind is no UTF-8.
const notSent = "\xff"

// NewTime returns t as a Time, in UTC and without a monotonic reading. It is meant for
// test data.
func NewTime(t time.Time) *Time { return &Time{t: t.Round(0).UTC()} }

// Time returns the moment in UTC, or the zero time.Time.
func (t *Time) Time() time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.t
}

// IsZero reports whether there is no moment: nothing was sent, or nothing
// readable.
func (t *Time) IsZero() bool { return t == nil || t.t.IsZero() }

// Raw returns the text that Zoom sent, also where it could not be read. It is
// empty for nil.
func (t *Time) Raw() string {
	switch {
	case t == nil:
		return ""
	case t.raw != "" || t.t.IsZero():
		return t.raw
	default:
		return t.t.Format(time.RFC3339Nano)
	}
}

// Before reports whether the moment is known and lies before u.
func (t *Time) Before(u time.Time) bool { return !t.IsZero() && t.t.Before(u) }

// After reports whether the moment is known and lies after u.
func (t *Time) After(u time.Time) bool { return !t.IsZero() && t.t.After(u) }

// Equal reports whether both hold the same moment, or neither holds one.
func (t *Time) Equal(u *Time) bool { return t.Time().Equal(u.Time()) }

// String returns the moment in RFC 3339, or what Zoom sent in its place.
func (t *Time) String() string { return t.Raw() }

// MarshalJSON writes what Zoom sent, or null for nil.
func (t *Time) MarshalJSON() ([]byte, error) {
	if t == nil {
		return []byte("null"), nil
	}
	return json.Marshal(t.Raw())
}

// UnmarshalJSON reads any JSON text, also an empty one. It fails only on a value
// that is not a text, a number or null, and keeps that as it stands for [Time.Raw].
func (t *Time) UnmarshalJSON(data []byte) error {
	if moment, ok := parseUsual(data); ok {
		*t = Time{t: moment}
		return nil
	}
	text, err := wire.Text(data)
	if err != nil {
		*t = Time{raw: string(data)}
		return err
	}
	*t = parseTime(text)
	return nil
}

// MarshalText writes what Zoom sent; nothing for nil.
func (t *Time) MarshalText() ([]byte, error) { return []byte(t.Raw()), nil }

// UnmarshalText reads any text, as UnmarshalJSON does.
func (t *Time) UnmarshalText(text []byte) error {
	*t = parseTime(string(text))
	return nil
}

// zoneless is how /report/users/{userId}/meetings writes some of its times.
// Zoom does not say in which zone they are; they are read as UTC.
const zoneless = "01/02/2006 15:04"

func parseTime(text string) Time {
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		parsed, err = time.Parse(zoneless, text)
	}
	if err != nil {
		return Time{raw: text}
	}
	t := Time{t: parsed.UTC()}
	if t.Raw() != text {
		t.raw = text
	}
	return t
}

// parseUsual reads the form that nearly all of Zoom's times have, a JSON text
// such as "2006-01-02T15:04:05Z", without making a string of it.
func parseUsual(data []byte) (time.Time, bool) {
	const form = `"0000-00-00T00:00:00Z"`
	if len(data) != len(form) {
		return time.Time{}, false
	}
	for i := range form {
		isDigit := data[i] >= '0' && data[i] <= '9'
		if isDigit != (form[i] == '0') || (!isDigit && data[i] != form[i]) {
			return time.Time{}, false
		}
	}
	number := func(from, to int) (n int) {
		for _, digit := range data[from:to] {
			n = 10*n + int(digit-'0')
		}
		return n
	}
	year, month, day := number(1, 5), time.Month(number(6, 8)), number(9, 11)
	hour, minute, second := number(12, 14), number(15, 17), number(18, 20)
	t := time.Date(year, month, day, hour, minute, second, 0, time.UTC)
	sameDay := t.Month() == month && t.Day() == day                             // Date carries over what does not exist
	return t, sameDay && hour < 24 && minute < 60 && second < 60 && !t.IsZero() // of a zero one the text is kept
}
