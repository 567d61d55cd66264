package zoom_test

import (
	"errors"
	"iter"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
)

func TestParseIncludeFreeUsers(t *testing.T) {
	for text, want := range map[string]bool{
		"Yes": true, "yes": true, "YES": true, " yEs\t": true, "No": false, "no": false, "NO ": false, "": false, "  \n": false,
	} {
		got, err := zoom.ParseIncludeFreeUsers(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"y", "n", "true", "false", "1", "0", "yes please", "Ja", "yesno"} {
		got, err := zoom.ParseIncludeFreeUsers(text)
		require.ErrorIs(t, err, zoom.ErrInvalidArgument, text)
		assert.False(t, got)
	}
}

var errListing = errors.New("page 2 failed")

func usersThen(err error, users ...*zoom.User) iter.Seq2[*zoom.User, error] {
	return func(yield func(*zoom.User, error) bool) {
		for _, u := range users {
			if !yield(u, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

func oneOfEach() []*zoom.User {
	return []*zoom.User{
		{ID: "basic", Type: 1, Status: "active"},
		{ID: "licensed", Type: 2, Status: "active"},
		{ID: "onprem", Type: 3, Status: "active"},
		{ID: "unassigned", Type: 4, Status: "active"},
		{ID: "none", Type: 99, Status: "active"},
		{ID: "unknown", Type: 12, Status: "active"},
		{ID: "bundle", Type: 1, Status: "active", ZoomOneType: 16},
		{ID: "gone", Type: 2, Status: "inactive"},
		{ID: "gone-basic", Type: 1, Status: "inactive"},
		{Email: "new@example.com", Type: 2, Status: "pending"},
		nil,
	}
}

func TestClassifierFilter(t *testing.T) {
	kept := func(c zoom.Classifier, err error) (ids []string, failure error) {
		for u, err := range c.Filter(usersThen(err, oneOfEach()...)) {
			if err != nil {
				failure = err
				continue
			}
			ids = append(ids, u.ID+u.Email)
		}
		return ids, failure
	}
	ids, err := kept(zoom.Classifier{}, errListing)
	require.ErrorIs(t, err, errListing, "errors are passed on")
	assert.Equal(t, []string{"licensed", "onprem", "unknown", "bundle", "gone", "new@example.com"}, ids)
	ids, err = kept(zoom.Classifier{IncludeFreeUsers: true}, nil)
	require.NoError(t, err)
	assert.Len(t, ids, 10)
	for range (zoom.Classifier{}).Filter(usersThen(nil, oneOfEach()...)) {
		break
	}
	for range (zoom.Classifier{}).Filter(nil) {
		t.Fatal("nothing in nothing")
	}
	assert.False(t, zoom.Classifier{IncludeFreeUsers: true}.Includes(nil))
}

func TestClassifierSummarize(t *testing.T) {
	all, err := zoom.Classifier{IncludeFreeUsers: true}.Summarize(usersThen(nil, oneOfEach()...))
	require.NoError(t, err)
	assert.Equal(t, zoom.LicenseSummary{
		Total: 10, Basic: 3, Licensed: 2, OnPrem: 1, Unassigned: 1, None: 1, Unknown: 1, Pending: 1, Inactive: 2, Bundles: 1,
	}, all)
	assert.Equal(t, all.Total, all.Basic+all.Licensed+all.OnPrem+all.Unassigned+all.None+all.Unknown+all.Pending, "everybody once")
	var ranged zoom.LicenseSummary
	for _, u := range oneOfEach() {
		if u != nil {
			ranged.Add(u)
		}
	}
	again, err := zoom.Classifier{IncludeFreeUsers: true}.Summarize(usersThen(nil, oneOfEach()...))
	require.NoError(t, err)
	assert.Equal(t, all, again)
	assert.EqualExportedValues(t, all, ranged)

	paid, err := zoom.Classifier{}.Summarize(usersThen(nil, oneOfEach()...))
	require.NoError(t, err)
	assert.Equal(t, zoom.LicenseSummary{Total: 6, Basic: 1, Licensed: 2, OnPrem: 1, Unknown: 1, Pending: 1, Inactive: 1, Bundles: 1}, paid)
	part, err := zoom.Classifier{}.Summarize(usersThen(errListing, oneOfEach()[:2]...))
	require.ErrorIs(t, err, errListing)
	assert.Equal(t, 1, part.Total)
}
