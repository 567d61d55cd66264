package pace

import (
	"errors"
	"fmt"
	"time"
)

// ErrDay is matched by a [DayError].
var ErrDay = errors.New("the day's requests are spent")

// A DayError says until when the day's budget is spent.
type DayError struct{ Until time.Time }

func (e *DayError) Error() string {
	return fmt.Sprintf("%v until %s", ErrDay, e.Until.UTC().Format(time.RFC3339))
}

// Unwrap returns ErrDay.
func (e *DayError) Unwrap() error { return ErrDay }

// A day is the budget and the gate of the classes that share them. Days are UTC.
type day struct {
	limit int // 0: none
	used  int
	ends  time.Time
	shut  time.Time // the gate opens then
}

// gate returns a DayError while the gate is shut.
func (d *day) gate(now time.Time) error {
	if now.Before(d.shut) {
		return &DayError{Until: d.shut}
	}
	return nil
}

// shutUntil never opens a gate earlier than it was to open.
func (d *day) shutUntil(until time.Time) {
	if until.After(d.shut) {
		d.shut = until
	}
}

// roll begins a new day.
func (d *day) roll(now time.Time) {
	if !now.Before(d.ends) {
		d.ends, d.used = NextMidnight(now), 0
	}
}

// charge takes one request of the budget of the day that it is.
func (d *day) charge(now time.Time, jitter time.Duration) error {
	d.roll(now)
	if d.limit > 0 && d.used >= d.limit {
		return &DayError{Until: d.ends.Add(jitter)}
	}
	d.used++
	return nil
}

// refund gives one back to the day that it was taken from.
func (d *day) refund(charged time.Time) {
	if d.ends.Equal(charged) {
		d.used--
	}
}
