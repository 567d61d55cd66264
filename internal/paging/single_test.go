package paging

import (
	"context"
	"errors"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sheet is one answer of a script: rows, the count (-1: none), whether there is
// another page.
type sheet struct {
	rows  []string
	total int
	more  bool
}

var seed = maphash.MakeSeed()

// scripted is a listing of one part that answers by a script.
func scripted(t *testing.T, rule Rule, size int, script ...sheet) (l *Listing[string], notices *[]Notice) {
	t.Helper()
	notices = &[]Notice{}
	return &Listing[string]{
		Parts: []Part{{Size: size}}, Tokens: Tokens{Parts: 1, Mark: "m"}, Rule: rule,
		Fetch: func(_ context.Context, r Request) (*Page[string], error) {
			if len(script) == 0 {
				return nil, errors.New("nothing more was due")
			}
			s := script[0]
			script = script[1:]
			p := &Page[string]{Items: slices.Clone(s.rows), TotalRecords: max(s.total, 0), HasTotal: s.total >= 0, PageSize: size}
			for _, row := range s.rows {
				p.Marks = append(p.Marks, maphash.String(seed, row))
			}
			if s.more {
				p.NextPageToken = r.Token + "x"
			}
			return p, nil
		},
		Expired: func(error) bool { return false },
		Fail:    func(r Reason, detail string) error { return &failure{r, detail} },
		Notice: func(_ context.Context, e Event) {
			if e.Notice != NoticePage {
				*notices = append(*notices, e.Notice)
			}
		},
	}, notices
}

func collect(ctx context.Context, l *Listing[string]) (rows, tokens []string, err error) {
	p := Start(l, Place{})
	for !p.Done() {
		page, next, err := p.Next(ctx)
		if err != nil {
			return rows, tokens, err
		}
		rows = append(rows, page.Items...)
		tokens = append(tokens, next)
	}
	return rows, tokens, nil
}

// TestFaultPG20RowsThatAreMissing: a missing page is an error under every rule but
// where the server does not count; a smaller gap is what the rule says.
func TestFaultPG20RowsThatAreMissing(t *testing.T) {
	abc := []string{"a", "b", "c"}
	for name, c := range map[string]struct {
		rule    Rule
		script  []sheet
		rows    []string
		notices []Notice
		fails   bool
	}{
		"PG20 whole":                         {ReadAgain, []sheet{{abc, 3, false}}, abc, nil, false},
		"PG20 more than counted":             {ReadAgain, []sheet{{abc, 2, false}}, abc, []Notice{NoticeMoreThanTotal}, false},
		"PG20 not counted":                   {ReadAgain, []sheet{{abc, -1, false}}, abc, nil, false},
		"PG20 1 of 600":                      {ReadAgain, []sheet{{abc[:1], 600, false}}, abc[:1], nil, true},
		"PG20 1 of 600, heavy":               {NoteOnly, []sheet{{abc[:1], 600, false}}, abc[:1], nil, true},
		"PG20 1 of 600 on two pages":         {NoteOnly, []sheet{{abc[:1], 600, true}, {nil, 600, false}}, abc[:1], nil, true},
		"PG20 1 of 20, room for all":         {NoteOnly, []sheet{{abc[:1], 20, true}, {nil, 20, false}}, abc[:1], nil, true},
		"PG20 a gap below a page":            {NoteOnly, []sheet{{abc, 12, true}, {nil, 12, false}}, abc, []Notice{NoticeCountDiffers}, false},
		"PG20 the last count holds":          {NoteOnly, []sheet{{abc[:1], 600, true}, {abc[1:], 3, false}}, abc, nil, false},
		"PG20 the last count that there is":  {NoteOnly, []sheet{{abc[:1], 600, true}, {abc[1:], -1, false}}, abc, nil, true},
		"PG20 a gap, heavy":                  {NoteOnly, []sheet{{abc, 5, false}}, abc, []Notice{NoticeCountDiffers}, false},
		"PG20 a gap, strict":                 {Strict, []sheet{{abc, 5, false}}, abc, nil, true},
		"PG20 a gap that stays":              {ReadAgain, []sheet{{abc, 5, false}, {abc, 5, false}}, abc, []Notice{NoticeReadAgain, NoticeCountDiffers}, false},
		"PG20 a gap that closes":             {ReadAgain, []sheet{{abc[:2], 3, false}, {abc, 3, false}}, abc, []Notice{NoticeReadAgain}, false},
		"PG20 a gap that the union closes":   {ReadAgain, []sheet{{abc[:2], 3, false}, {abc[1:], 3, false}}, abc, []Notice{NoticeReadAgain, NoticeCountDiffers}, false},
		"PG20 a gap that still grows":        {ReadAgain, []sheet{{abc[:2], 5, false}, {abc[1:], 5, false}}, abc, []Notice{NoticeReadAgain}, true},
		"PG20 rows that share an id":         {ReadAgain, []sheet{{[]string{"a", "a"}, 4, false}, {[]string{"a", "a", "a", "b"}, 4, false}}, []string{"a", "a"}, []Notice{NoticeReadAgain}, true},
		"PG20 a page is missing, read again": {ReadAgain, []sheet{{abc, 5, false}, {abc, 50, false}}, abc, []Notice{NoticeReadAgain}, true},
		"PG20 nobody of some":                {ReadAgain, []sheet{{nil, 5, false}}, nil, nil, true},
		"PG20 nobody of some, heavy":         {NoteOnly, []sheet{{nil, 5, false}}, nil, nil, true},
		"PG20 several pages are read again":  {ReadAgain, []sheet{{abc[:1], 4, true}, {abc[1:], 4, false}, {abc[:2], 4, true}, {[]string{"c", "d"}, 4, false}}, []string{"a", "b", "c", "d"}, []Notice{NoticeReadAgain}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l, notices := scripted(t, c.rule, 10, c.script...)
			rows, tokens, err := collect(t.Context(), l)
			assert.Equal(t, c.rows, rows)
			assert.Equal(t, c.notices, append([]Notice(nil), *notices...))
			if c.fails {
				var f *failure
				require.ErrorAs(t, err, &f)
				assert.Equal(t, Incomplete, f.reason)
				for _, token := range tokens {
					assert.NotEmpty(t, token, "the listing was not at its end")
				}
				return
			}
			require.NoError(t, err)
			for i, token := range tokens {
				assert.Equal(t, i == len(tokens)-1, token == "", "the last page alone has no token")
			}
		})
	}
}

// TestFaultPG20RowsWithoutAnID: rows that are told apart by their text alone and change
// from one reading to the next are not handed out twice as new ones.
func TestFaultPG20RowsWithoutAnID(t *testing.T) {
	l, _ := scripted(t, ReadAgain, 10, sheet{[]string{"a1", "b1"}, 3, false}, sheet{[]string{"a2", "b2"}, 3, false})
	fetch := l.Fetch
	l.Fetch = func(ctx context.Context, r Request) (*Page[string], error) {
		page, err := fetch(ctx, r)
		page.Unnamed = len(page.Items)
		return page, err
	}
	rows, _, err := collect(t.Context(), l)
	var f *failure
	require.ErrorAs(t, err, &f, "the readings cannot be compared")
	assert.Equal(t, Incomplete, f.reason)
	assert.Equal(t, []string{"a1", "b1"}, rows)
}

// TestFaultPG20RowsThatRepeat: of rows without an id, which are alike to the letter, it
// does not matter which one is missing.
func TestFaultPG20RowsThatRepeat(t *testing.T) {
	l, _ := scripted(t, ReadAgain, 10, sheet{[]string{"a", "a"}, 4, false}, sheet{[]string{"a", "a", "a", "b"}, 4, false})
	fetch := l.Fetch
	l.Fetch = func(ctx context.Context, r Request) (*Page[string], error) {
		page, err := fetch(ctx, r)
		page.Unnamed = len(page.Items)
		return page, err
	}
	rows, _, err := collect(t.Context(), l)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "a", "a", "b"}, rows)
}

// TestFaultPG20EchoedPageSize: a page size that the server says beyond what was asked for
// hides no missing page, and no number of its own makes the choice of sizes long.
func TestFaultPG20EchoedPageSize(t *testing.T) {
	w := newWalk(0, 300)
	assert.Empty(t, w.take(300, math.MaxInt32, "t"))
	assert.Equal(t, 300, w.served)
	w = newWalk(0, 30)
	assert.Empty(t, w.take(100, 100, "t"))
	assert.Equal(t, 100, w.served, "a server that sends more")
	for _, total := range []int{0, 1, math.MaxInt32, math.MaxInt} {
		for _, first := range []int{1, 30, 300, 2000} {
			assert.LessOrEqual(t, secondSize(first, total, max(usualMost, first-1)), 2000)
		}
	}
}

// TestFaultPG14FailureOfTheSecondReading: whoever resumes behind it gets no row twice
// and is not told that the listing is complete.
func TestFaultPG14FailureOfTheSecondReading(t *testing.T) {
	l, _ := scripted(t, ReadAgain, 2, sheet{[]string{"a", "b"}, 4, true}, sheet{[]string{"c"}, 4, false}, sheet{[]string{"a", "b"}, 4, true})
	p := Start(l, Place{})
	var rows []string
	for {
		page, _, err := p.Next(t.Context())
		if err != nil {
			break
		}
		rows = append(rows, page.Items...)
	}
	assert.Equal(t, []string{"a", "b", "c"}, rows)
	assert.Equal(t, 3, p.Yielded())
	at, err := l.Tokens.Parse(l.Tokens.Text(p.Place()))
	require.NoError(t, err)
	resumed := Start(l, at)
	_, _, err = resumed.Next(t.Context())
	var f *failure
	require.ErrorAs(t, err, &f)
	assert.Equal(t, Incomplete, f.reason)
	assert.True(t, resumed.Done())
}

// TestFaultPG20ResumedBehindAShortPage: a page that was not full is not forgotten when the
// listing goes on from the token behind it.
func TestFaultPG20ResumedBehindAShortPage(t *testing.T) {
	for name, c := range map[string]struct {
		first, second sheet
		own, fails    bool
	}{
		"PG20 resumed behind a full page":   {sheet{[]string{"a", "b"}, 4, true}, sheet{[]string{"c", "d"}, 4, false}, false, false},
		"PG20 resumed behind an empty page": {sheet{nil, 4, true}, sheet{[]string{"c", "d"}, 4, false}, true, true},
		"PG20 resumed behind a short page":  {sheet{[]string{"a"}, 4, true}, sheet{[]string{"c", "d"}, 4, false}, true, true},
		"PG20 resumed, all rows came":       {sheet{[]string{"a"}, 3, true}, sheet{[]string{"c", "d"}, 3, false}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := scripted(t, Strict, 2, c.first)
			p := Start(l, Place{})
			_, next, err := p.Next(t.Context())
			require.NoError(t, err)
			_, _, err = p.Next(t.Context())
			require.Error(t, err, "the script is at its end")
			token := l.Tokens.Text(p.Place())
			assert.Equal(t, next, token)
			assert.Equal(t, c.own, strings.HasPrefix(token, ownPrefix))

			at, err := l.Tokens.Parse(token)
			require.NoError(t, err)
			l, _ = scripted(t, Strict, 2, c.second)
			p = Start(l, at)
			page, _, err := p.Next(t.Context())
			require.NoError(t, err)
			assert.Equal(t, c.second.rows, page.Items)
			if !c.fails {
				assert.True(t, p.Done())
				return
			}
			_, _, err = p.Next(t.Context())
			var f *failure
			require.ErrorAs(t, err, &f)
			assert.Equal(t, Incomplete, f.reason)
		})
	}
}
