package redact

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// pieces are what the patterns are made of, and what stands around it.
var pieces = strings.Fields(`@ ＠ ﹫ %40 %2540 &#64; &#x40; &#X0040; &commat; \u0040 \x40 =40 (at) [at] : %3a %253A &#58; &colon; \u003a / \/ //
	%2f %2F &#47; &sol; \u002f . .. ? a host example com a.example.com b.org c.example.net ſ K é 1 - "x" < ( [ & % = \`)

// A pattern that is not run would have found nothing.
func TestPatternsAreSkippedOnlyWhereTheyFindNothing(t *testing.T) {
	patterns := map[string]*regexp.Regexp{"URL": urlPattern, "host": hostPattern, "e-mail": emailPattern, "spaced": spacedPattern}
	random := rand.New(rand.NewPCG(1, 30))
	found := map[string]int{}
	for range 20_000 {
		var b strings.Builder
		for range 1 + random.IntN(6) {
			if random.IntN(8) == 0 {
				b.WriteByte(" \xff"[random.IntN(2)])
			}
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		text := b.String()
		for name, pattern := range patterns {
			for _, match := range pattern.FindAllString(text, -1) {
				if name == "e-mail" && strings.Contains(match, "=40") && !quotedPrintable.MatchString(match) {
					continue // a number
				}
				found[name]++
				assert.NotEqual(t, match, Patterns(match), "%s", name)
			}
		}
	}
	for name := range patterns {
		assert.Greater(t, found[name], 20, name)
	}
}

// An error of the usual kind, as it is printed time and again.
func BenchmarkPatterns(b *testing.B) {
	const text = "zoom: list users: GET /users: 404 Not Found: code 1001: User does not exist: [redacted]. (attempt 1 of 5)"
	b.ReportAllocs()
	for b.Loop() {
		Patterns(text)
	}
}
