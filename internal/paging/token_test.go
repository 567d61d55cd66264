package paging

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	joined = Tokens{Parts: 3, Joined: true, Mark: "m"}
	plain  = Tokens{Parts: 1, Mark: "m"}
)

func TestTokensRoundTrip(t *testing.T) {
	for _, at := range []Place{
		{},
		{Token: "t"},
		{Part: 1},
		{Part: 2, Token: "a.b.c"},
		{Part: 1, Rows: 300, Pages: 1, Token: "."},
		{Part: 2, Rows: 1, Pages: 7, Token: " +/=%\x00é"},
		{Rows: 7, Token: "z1.1.2.x.y"},
		{Part: 1, Rows: unknownRows, Pages: unknownRows, Token: "t"},
		{Part: 2, Rows: 1 << 40, Token: strings.Repeat("t", 5000)},
	} {
		got, err := joined.Parse(joined.Text(at))
		require.NoError(t, err)
		assert.Equal(t, at, got)
	}
	for _, token := range []string{"t", "0.0.x.t", "z1", "Z1.0.0.0.m.t", "1.0.0.0.m.t"} {
		at, err := plain.Parse(token)
		require.NoError(t, err)
		assert.Equal(t, Place{Token: token, Rows: unknownRows, Pages: unknownRows}, at, "the server's own token")
		assert.Equal(t, token, plain.Text(at))
	}
	for _, at := range []Place{
		{},
		{Token: "z1.0.0.0.m.t", Short: true},
		{Token: "z1.", Rows: unknownRows, Pages: unknownRows},
		{Token: "t", Rows: 299, Pages: 1, Short: true},
	} {
		token := plain.Text(at)
		assert.True(t, strings.HasPrefix(token, ownPrefix))
		got, err := plain.Parse(token)
		require.NoError(t, err)
		assert.Equal(t, at, got, "what the server's own token cannot name")
	}
}

func TestTokensAfterAPage(t *testing.T) {
	for _, step := range []struct {
		at   Place
		next string
		want Place
		more bool
	}{
		{Place{Rows: 3, Pages: 1}, "t", Place{Rows: 7, Pages: 2, Token: "t"}, true},
		{Place{Rows: 3, Token: "t"}, "", Place{Part: 1}, true},
		{Place{Part: 1, Rows: 9, Token: "t"}, "u", Place{Part: 1, Rows: 13, Pages: 1, Token: "u"}, true},
		{Place{Rows: unknownRows, Pages: unknownRows, Token: "t"}, "u", Place{Rows: unknownRows, Pages: unknownRows, Token: "u"}, true},
		{Place{Part: 2, Rows: 9, Token: "t"}, "", Place{}, false},
	} {
		got, more := joined.After(step.at, 4, step.next)
		assert.Equal(t, step.more, more)
		assert.Equal(t, step.want, got)
	}
}

// FuzzTokens: a token is either refused or stands for one place, which has one
// canonical token.
func FuzzTokens(f *testing.F) {
	for _, at := range []Place{{}, {Token: "t"}, {Part: 2, Rows: 7, Pages: 1, Token: "a.b"}, {Part: 1}} {
		f.Add(joined.Text(at), at.Part, at.Rows, at.Token)
	}
	f.Add("z1.0.00.0.m.t", -1, -1, "..")
	f.Add("z1.+1.0.0.m.t", 3, 1<<62, "\xff")
	f.Fuzz(func(t *testing.T, token string, part, rows int, serverToken string) {
		for _, tokens := range []Tokens{joined, plain} {
			if at, err := tokens.Parse(token); err == nil {
				require.True(t, at.Part >= 0 && at.Part < tokens.Parts && at.Rows >= unknownRows)
				again, err := tokens.Parse(tokens.Text(at))
				require.NoError(t, err)
				if !tokens.Joined && again.Rows == unknownRows {
					at.Rows, at.Pages = unknownRows, unknownRows // the server's own token does not hold them
				}
				if at != (Place{}) || token != "" {
					require.Equal(t, at, again)
				}
			}
		}
		if part < 0 || part > 2 || rows < 0 {
			return
		}
		at := Place{Part: part, Rows: rows, Token: serverToken}
		got, err := joined.Parse(joined.Text(at))
		require.NoError(t, err)
		require.Equal(t, at, got)
	})
}
