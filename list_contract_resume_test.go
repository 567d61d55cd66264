package zoom_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

func resumes(t *testing.T, l *listing) {
	for n := range 3 * max(1, len(l.parts)) {
		b := newBook(l, 3, 2)
		b.failing(n, answer{status: http.StatusForbidden})
		c := b.tape().client(t)
		before, err := gather(t, l.open(c))
		failed := pageError(t, err, zoom.ErrForbidden, 2*n)
		requests := b.requests()

		b.over = nil
		after, err := gather(t, l.open(c).Resume(failed.Token)) // also of another List value
		require.NoError(t, err)
		assert.Equal(t, b.names(), append(before, after...), "page %d", n)
		assert.Equal(t, 3*len(b.pages)-n, b.requests()-requests)
	}
}

// resumesAtPage stores the token of every page that Pages yields. Each leads to
// what comes after the page, and only the last page has none.
func resumesAtPage(t *testing.T, l *listing) {
	b := newBook(l, 2, 2)
	list := l.open(b.tape().client(t))
	got, pages := 0, 0
	for page, err := range list.Pages(t.Context()) {
		require.NoError(t, err)
		got += len(page.Items)
		pages++
		assert.Equal(t, pages == 2*len(b.pages), page.NextPageToken == "")
		assert.Equal(t, 4, page.TotalRecords)
		assert.Equal(t, 300, page.PageSize)
		if page.NextPageToken != "" {
			after, err := list.Resume(page.NextPageToken).Collect(t.Context())
			require.NoError(t, err)
			assert.Equal(t, b.names()[got:], after)
		}
	}
	assert.Equal(t, 2*len(b.pages), pages)
}

func onePage(t *testing.T, l *listing) {
	b := newBook(l, 2, 2)
	list := l.open(b.tape().client(t))
	var names []string
	token, pages := "", 0
	for {
		page, err := list.Page(t.Context(), token)
		require.NoError(t, err)
		pages++
		require.Equal(t, pages, b.requests())
		names = append(names, page.Items...)
		assert.Equal(t, 4, page.TotalRecords)
		if token = page.NextPageToken; token == "" {
			break
		}
	}
	assert.Equal(t, b.names(), names)
	assert.Equal(t, 2*len(b.pages), pages)

	b.failing(1, answer{status: http.StatusForbidden})
	first, err := list.Page(t.Context(), "")
	require.NoError(t, err)
	_, err = list.Page(t.Context(), first.NextPageToken)
	assert.Equal(t, first.NextPageToken, pageError(t, err, zoom.ErrForbidden, 0).Token)
}

// keepsParameters: the book refuses a token that does not come back as it was
// given out, or with other parameters than the first page of its part.
func keepsParameters(t *testing.T, l *listing) {
	b := newBook(l, 3, 1)
	tp := b.tape()
	_, err := l.open(tp.client(t)).Collect(t.Context())
	require.NoError(t, err)
	assert.Contains(t, tp.requests()[1].query, "next_page_token=t0.1%2B%2F%3D%25%26")
	assert.NotContains(t, tp.requests()[0].query, "next_page_token")
}

func refusesNothing(t *testing.T, l *listing) {
	b := newBook(l, 1, 1)
	list := l.open(b.tape().client(t))
	var none context.Context
	for name, use := range map[string]struct {
		ctx  context.Context
		list lister
	}{
		"nil context":              {none, list},
		"nil context, resumed":     {none, list.Prefetch()},
		"nil list":                 {t.Context(), list.Nil()},
		"nil list, resumed":        {t.Context(), list.Nil().Resume("x").Prefetch()},
		"zero list":                {t.Context(), list.Zero()},
		"zero list, resumed":       {t.Context(), list.Zero().Resume("x").Prefetch()},
		"zero client":              {t.Context(), l.open(&zoom.Client{})},
		"zero client, ahead":       {t.Context(), l.open(&zoom.Client{}).Prefetch()},
		"nil list and nil context": {none, list.Nil()},
	} {
		items, err := use.list.Collect(use.ctx)
		pageError(t, err, zoom.ErrInvalidArgument, 0)
		assert.Empty(t, items, name)
		_, err = use.list.Page(use.ctx, "")
		pageError(t, err, zoom.ErrInvalidArgument, 0)
		times := 0
		for _, err := range use.list.All(use.ctx) {
			times++
			pageError(t, err, zoom.ErrInvalidArgument, 0)
		}
		assert.Equal(t, 1, times, name)
	}
	assert.Zero(t, b.requests())
}
