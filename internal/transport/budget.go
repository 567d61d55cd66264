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

// budgets holds one for the calls that may be repeated and one for the others. A read
// that succeeds says nothing of an endpoint that takes writes.
type budgets struct{ repeatable, writes budget }

func newBudgets() budgets {
	return budgets{repeatable: budget{tokens: budgetSize}, writes: budget{tokens: budgetSize}}
}

func (b *budgets) of(call *Call) *budget {
	if call.Repeatable {
		return &b.repeatable
	}
	return &b.writes
}

// AllowRepeat takes the cost of sending a write again out of the retry budget, and
// reports false if that does not have it. It is for a caller that knows from the
// state of the server that the write was not made.
func (r *Road) AllowRepeat() bool { return r.budgets.writes.take(costRetry) }

// Repeated gives back what AllowRepeat took: the write succeeded in the end.
func (r *Road) Repeated(times int) {
	if times > 0 {
		r.budgets.writes.give(times * costRetry)
	}
}

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
