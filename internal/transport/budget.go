package transport

import "sync"

// The retry budget keeps an outage from being multiplied by every caller's
// retries: each retry costs, each success pays back. The figures are those of
// the AWS SDKs' standard mode.
const (
	budgetSize    = 500
	costRetry     = 14
	costThrottled = 5
	gainSuccess   = 1
)

type budget struct {
	mu     sync.Mutex
	tokens int
}

// take spends cost, or reports that the budget does not have it.
func (b *budget) take(cost int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tokens < cost {
		return false
	}
	b.tokens -= cost
	return true
}

// give puts back what the retries of a call cost that succeeded in the end, or a
// little for a call that needed none.
func (b *budget) give(spent int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(budgetSize, b.tokens+max(spent, gainSuccess))
}
