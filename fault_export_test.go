package zoom

import "time"

// SetResumeJitter gives a limiter the share of the minute after midnight that it
// would have drawn by chance.
func SetResumeJitter(l *LocalLimiter, d time.Duration) { l.pace.SetJitter(d) }

// DecodePage reads a body as the list reads an answer.
func DecodePage[T any](l *List[T], body []byte) ([]T, error) {
	page, err := l.spec().decode(body, 0)
	if err != nil {
		return nil, err
	}
	return page.Items, nil
}
