package oauth

import (
	"sync"
	"time"

	"github.com/seatkit/zoom/internal/redact"
)

const (
	firstPause   = time.Second
	longestPause = 30 * time.Second
	pauseMemory  = 10 * time.Second // after a pause; a later failure is a first one again
	farthest     = time.Hour        // of a moment that the endpoint names
)

// A Pause keeps the failures of an endpoint apart: those who ask meanwhile get the last one
// again. After one that names a moment it lasts until then. Otherwise the next call may
// follow the first failure at once, and the second in a second; the pause doubles with each
// more. The zero value is ready.
type Pause struct {
	mu       sync.Mutex
	of       redact.Secret
	err      error
	until    time.Time
	failures int
}

// Err returns the failure that lasts, or nil. It is one of the credential alone: another
// one may be sent.
func (p *Pause) Err(credential string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil || p.of() != credential || !now.Before(p.until) {
		return nil
	}
	return p.err
}

// Note takes the result of a call: nil ends the pause. The moment is zero if none was named.
func (p *Pause) Note(credential string, err error, moment, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	isNext := p.err != nil && p.of() == credential && now.Before(p.until.Add(pauseMemory))
	if err == nil || !isNext {
		p.failures = 0
	}
	p.of, p.err, p.until = redact.Hide(credential), err, now
	switch {
	case err == nil:
		return
	case moment.After(now.Add(farthest)):
		p.until = now.Add(farthest)
	case moment.After(now):
		p.until = moment
	case p.failures > 0:
		p.until = now.Add(min(firstPause<<min(p.failures-1, 5), longestPause))
	}
	p.failures++
}
