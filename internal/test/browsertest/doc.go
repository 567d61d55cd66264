// Package browsertest lets a real browser click through examples/authorize; see its
// README.
package browsertest
