// Package hooks runs functions of the caller's on goroutines of this module.
//
// One rule holds for all of them: a hook that panics takes nothing down. The goroutine
// finishes its work, and the panic is raised again, with the same value, on a goroutine
// of the caller's: in the call that waits for the work, else in the next call.
package hooks

// A Panic is what a hook panicked with. Nil: it returned.
type Panic struct{ value any }

// Catch calls a hook and returns its panic. It does not stop a [runtime.Goexit]: what
// must be done in any case stands in a deferred function.
func Catch(hook func()) (p *Panic) {
	defer func() {
		if value := recover(); value != nil {
			p = &Panic{value}
		}
	}()
	hook()
	return nil
}

// Raise panics as the hook did.
func (p *Panic) Raise() {
	if p != nil {
		panic(p.value)
	}
}
