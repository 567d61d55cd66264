package pace

import (
	"context"
	"sync"
	"time"
)

// A LateError says when the turn would be that the deadline does not allow for.
type LateError struct{ At time.Time }

func (e *LateError) Error() string { return "the turn comes after the deadline" }

// Config is what a [Limiter] keeps to.
type Config struct {
	PerSecond [NumClasses]float64 // the rates to send at
	Limit     [NumClasses]float64 // what no second may exceed, above PerSecond; 0: PerSecond is all that is kept
	PerDay    [NumClasses]int     // the budgets by Class.Gate, or by class if Apart; 0: none
	Apart     bool                // resource-intensive requests do not draw on the heavy budget
	Jitter    time.Duration       // a gate opens so much later than the server says
}

// A Limiter keeps the limits of one account in one process.
type Limiter struct {
	apart  bool
	jitter time.Duration

	mu      sync.Mutex
	classes [NumClasses]turns
	days    [NumClasses]day // the gates by Class.Gate, the budgets by budget
}

// New makes a limiter.
func New(c Config) *Limiter {
	l := &Limiter{apart: c.Apart, jitter: c.Jitter}
	for class := range l.classes {
		l.classes[class] = newTurns(c.PerSecond[class], c.Limit[class])
		l.days[class].limit = c.PerDay[class]
	}
	return l
}

// Jitter returns how much later than the server says a gate opens.
func (l *Limiter) Jitter() time.Duration { return l.jitter }

// SetJitter is for tests.
func (l *Limiter) SetJitter(d time.Duration) { l.jitter = d }

// budget returns what a class draws on.
func (l *Limiter) budget(c Class) *day {
	if l.apart {
		return &l.days[c]
	}
	return &l.days[c.Gate()]
}

func (l *Limiter) gate(c Class) *day { return &l.days[c.Gate()] }

// A Turn is the permission to send one request, from [Limiter.Wait]. The zero value
// is one that costs nothing.
type Turn struct {
	limiter *Limiter
	class   Class
	charged time.Time // the end of the day whose budget it came from
	taken   time.Time
	exit    *exit
}

// Drop gives a turn back that was not used: it counts neither for the rate nor for the
// day.
func (t Turn) Drop() {
	if t.limiter == nil {
		return
	}
	t.limiter.mu.Lock()
	defer t.limiter.mu.Unlock()
	t.limiter.budget(t.class).refund(t.charged)
	t.limiter.classes[t.class].drop(t.taken)
}

// Wait returns when a request of the class may be sent. A wait that would outlast the
// deadline of ctx is not begun: the error is a *LateError. While the day's budget is
// spent it is a *DayError.
func (l *Limiter) Wait(ctx context.Context, class Class) (Turn, error) {
	if err := ctx.Err(); err != nil {
		return Turn{}, err
	}
	t := Turn{limiter: l, class: class}
	w, err := l.enter(ctx, &t)
	if err != nil {
		return Turn{}, err
	}
	if w != nil {
		err = l.standInLine(ctx, class, w)
	}
	if err == nil {
		err = l.headTurn(ctx, &t)
	}
	if err != nil {
		l.refund(&t)
		return Turn{}, err
	}
	return t, nil
}

// enter joins the line and takes one request of the day's budget. A nil waiter is the
// head.
func (l *Limiter) enter(ctx context.Context, t *Turn) (*waiter, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if err := l.gate(t.class).gate(now); err != nil {
		return nil, err
	}
	class, budget := &l.classes[t.class], l.budget(t.class)
	class.raise(now)
	if err := tooLate(ctx, class.forecast(now), class.line.headed); err != nil {
		return nil, err
	}
	if err := budget.charge(now, l.jitter); err != nil {
		return nil, err
	}
	t.charged = budget.ends
	return class.line.join(), nil
}

// tooLate compares a moment with the deadline of ctx, if it is worth it.
func tooLate(ctx context.Context, at time.Time, worth bool) error {
	if deadline, ok := ctx.Deadline(); ok && worth && at.After(deadline) {
		return &LateError{At: at}
	}
	return nil
}

// standInLine returns when the waiter is the head.
func (l *Limiter) standInLine(ctx context.Context, class Class, w *waiter) error {
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.classes[class].line.leave(w)
	return ctx.Err()
}

// headTurn waits for the next turn of the class and takes it. Whatever happens, the
// next in line becomes the head.
func (l *Limiter) headTurn(ctx context.Context, t *Turn) error {
	defer l.promote(t.class)
	cancel, at, shut, err := l.reserve(ctx, t.class)
	if err != nil {
		return err
	}
	if err := l.await(ctx, t.class, at, shut); err != nil {
		cancel()
		return err
	}
	return l.take(t)
}

// await waits for a turn. A gate that shuts ends the wait, however far off the turn is.
func (l *Limiter) await(ctx context.Context, class Class, at time.Time, shut <-chan struct{}) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	case <-shut:
	}
	if err := l.isShut(class); err != nil {
		return err
	}
	return sleep(ctx, at) // it has opened again
}

func (l *Limiter) isShut(class Class) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gate(class).gate(time.Now())
}

func (l *Limiter) promote(class Class) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.classes[class].shut = nil
	l.classes[class].line.promote()
}

// reserve takes the next turn, which cancel gives back. shut is closed if the gate shuts
// before another turn is reserved.
func (l *Limiter) reserve(ctx context.Context, class Class) (cancel func(), at time.Time, shut <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if err := l.gate(class).gate(now); err != nil { // shut while we stood in line
		return nil, now, nil, err
	}
	turn, at := l.classes[class].reserve(now)
	if err := tooLate(ctx, at, true); err != nil {
		turn.CancelAt(now)
		return nil, now, nil, err
	}
	l.classes[class].shut = make(chan struct{})
	return turn.Cancel, at, l.classes[class].shut, nil
}

// take looks once more, now that the turn has come, whether the day allows it: the
// gate may have shut and a new day may have begun.
func (l *Limiter) take(t *Turn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if err := l.gate(t.class).gate(now); err != nil {
		return err
	}
	budget := l.budget(t.class)
	if budget.roll(now); !budget.ends.Equal(t.charged) {
		if err := budget.charge(now, l.jitter); err != nil {
			return err
		}
		t.charged = budget.ends
	}
	t.taken, t.exit = l.classes[t.class].take(now), &exit{}
	return nil
}

func (l *Limiter) refund(t *Turn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.budget(t.class).refund(t.charged)
}

// Observe learns from an answer to a call of the class: a 429 halves the rate, the
// word that the day is over shuts the gate. The answer's own category says whose.
func (l *Limiter) Observe(call Class, r *Rate) {
	class := r.Class(call)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	switch kind := r.Kind(); {
	case kind == KindDaily, r.IsSpent():
		l.gate(class).shutUntil(now.Add(r.UntilReset(now)).Add(l.jitter))
		l.wakeHeads(class.Gate())
	case kind == KindPerSecond, kind == KindPerMinute:
		l.classes[class].cut(now)
	}
}

// wakeHeads lets the heads of the classes behind a gate look at it. Those behind them do
// so in their turn, at once.
func (l *Limiter) wakeHeads(gate Class) {
	for class := range l.classes {
		if t := &l.classes[class]; t.shut != nil && Class(class).Gate() == gate {
			close(t.shut)
			t.shut = nil
		}
	}
}

// Stats is what a limiter is doing with one class.
type Stats struct {
	PerSecond, Full   float64
	UsedToday, PerDay int
	ShutUntil         time.Time // zero: the gate is open
}

// Stats returns what the limiter is doing with a class.
func (l *Limiter) Stats(class Class) Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	turns, budget, gate := &l.classes[class], l.budget(class), l.gate(class)
	turns.raise(now)
	budget.roll(now)
	s := Stats{PerSecond: turns.perSecond(), Full: float64(turns.full), UsedToday: budget.used, PerDay: budget.limit}
	if now.Before(gate.shut) {
		s.ShutUntil = gate.shut
	}
	return s
}
