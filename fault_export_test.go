package zoom

import "time"

// SetResumeJitter gives a limiter the share of the minute after midnight that it
// would have drawn by chance.
func SetResumeJitter(l *LocalLimiter, d time.Duration) { l.jitter = d }
