package zoom

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

const (
	windowDays   = 30 // a month that Zoom never refuses
	reportMonths = 6  // how far back the reports go
)

// A window is a run of days, both ends included, at 00:00 UTC of their dates.
type window struct{ from, to time.Time }

// dayOf is the calendar date of t in its own location.
func dayOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func formatDay(day time.Time) string { return day.Format(time.DateOnly) }

// reportWindow checks the days of a report. A zero to means today, where from is
// given in its location; a zero from the 30 days that end at to.
func reportWindow(from, to, now time.Time) (window, error) {
	switch {
	case !to.IsZero():
	case from.IsZero():
		to = now.UTC()
	default:
		to = now.In(from.Location())
	}
	w := window{to: dayOf(to)}
	if from.IsZero() {
		w.from = w.to.AddDate(0, 0, 1-windowDays)
	} else {
		w.from = dayOf(from)
	}
	switch {
	case w.from.After(w.to):
		return w, errors.New("from: lies after to")
	case w.to.After(dayOf(now.In(to.Location()))):
		return w, errors.New("to: lies in the future")
	}
	if first := firstReportDay(now); w.from.Before(first) {
		return w, fmt.Errorf("from: lies more than %d months back, the first day is %s", reportMonths, formatDay(first))
	}
	return w, nil
}

// firstReportDay is the first day that no reading of "six months" refuses. Zoom does
// not say what that is on 31 August, where there is no 31 February: the end of that
// month, or as many days later as it is short.
func firstReportDay(now time.Time) time.Time {
	return dayOf(now.UTC()).AddDate(0, -reportMonths, 0)
}

// months splits a window into runs of at most 30 days.
func (w window) months() []window {
	var runs []window
	for from := w.from; !from.After(w.to); {
		to := from.AddDate(0, 0, windowDays-1)
		if to.After(w.to) {
			to = w.to
		}
		runs = append(runs, window{from, to})
		from = to.AddDate(0, 0, 1)
	}
	return runs
}

// withinMonth reports whether Zoom answers the window in one listing.
// Zoom says "one month": from a day to the same day of the next month, or 30 days.
func (w window) withinMonth() bool {
	return !w.to.After(addMonths(w.from, 1)) || w.to.Before(w.from.AddDate(0, 0, windowDays))
}

// addMonths is the same day in another month, or the last one of a shorter month.
func addMonths(day time.Time, months int) time.Time {
	first := time.Date(day.Year(), day.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1)
	return first.AddDate(0, 0, min(day.Day(), last.Day())-1)
}

// query adds the days of the window to a copy of q.
func (w window) query(q url.Values) url.Values {
	q = cloneQuery(q)
	q.Set("from", formatDay(w.from))
	q.Set("to", formatDay(w.to))
	return q
}

// windowParts makes a part of a listing for each month.
func windowParts[T any](w window, q url.Values, stamp func(T, window)) []part[T] {
	var parts []part[T]
	for _, month := range w.months() {
		p := part[T]{query: month.query(q)}
		if stamp != nil {
			p.complete = func(item T) { stamp(item, month) }
		}
		parts = append(parts, p)
	}
	return parts
}
