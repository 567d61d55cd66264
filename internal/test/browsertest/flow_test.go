package browsertest

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func quote(text string) string { return strconv.Quote(text) }

// An admin connects an account, looks, refreshes, and disconnects.
func TestAuthorize(t *testing.T) {
	home := start(t, build(t))
	b := newBrowser(t)
	require.EqualValues(t, 200, b.open(home+"/"))
	assert.Contains(t, b.text("#fake"), "no real Zoom")
	for _, region := range []string{"NA", "APAC", "EU"} {
		assert.Equal(t, "Not connected", b.text("#"+region+" .state"))
		assert.True(t, b.has("#"+region+" .authorize"))
		assert.False(t, b.has("#"+region+" form"), "nothing to refresh yet")
	}
	b.look("1-home")

	assert.EqualValues(t, 200, b.click("#EU .authorize", "#allow"))
	assert.Equal(t, "Permissions Requested", b.text("h1"))
	b.look("2-consent")

	assert.EqualValues(t, 200, b.click("#allow", "#done"))
	assert.Equal(t, "Europe is connected.", b.text("#done"))
	assert.Equal(t, "Connected", b.text("#EU .state"))
	assert.NotEmpty(t, b.text("#EU .account code"))
	assert.Regexp(t, `\d+\s+users\s+\d+\s+Licensed`, b.text("#EU .counts"))
	assert.Equal(t, "Not connected", b.text("#NA .state"))
	tasks := b.text("#EU")
	for _, word := range []string{"roster", "access", "licenses", "reclaim", "complete", "missing", "user:update:status:admin", "user:write:admin"} {
		assert.Contains(t, tasks, word)
	}
	b.look("3-connected")

	first := b.text("#EU .generation")
	assert.EqualValues(t, 200, b.click("#EU form[action*=refresh] button", "#done"))
	assert.Equal(t, "Europe has a new access token.", b.text("#done"))
	assert.NotEqual(t, first, b.text("#EU .generation"))
	require.EqualValues(t, 200, b.open(home+"/"))
	assert.Equal(t, "Connected", b.text("#EU .state"), "it is stored")

	assert.EqualValues(t, 200, b.click("#EU form[action*=disconnect] button", "#done"))
	assert.Contains(t, b.text("#done"), "Europe is disconnected")
	assert.Equal(t, "Not connected", b.text("#EU .state"))
	b.look("4-disconnected")
}

// The admin clicks Deny: a page says so, and leads back.
func TestDeny(t *testing.T) {
	home := start(t, build(t))
	b := newBrowser(t)
	b.open(home + "/")
	b.click("#NA .authorize", "#deny")
	assert.EqualValues(t, 403, b.click("#deny", "#message"))
	assert.Equal(t, "Not connected", b.text("#message h1"))
	assert.Contains(t, b.text("#message"), "denied at Zoom")
	b.look("5-denied")
	b.click("#home", "#NA")
	assert.Equal(t, "Not connected", b.text("#NA .state"))
}

// A callback with a state that is nobody's, and one that was used already.
func TestForgedAndReplayedCallbacks(t *testing.T) {
	home := start(t, build(t))
	b := newBrowser(t)
	b.open(home + "/")
	link := home + "/connect?region=APAC"
	b.open(link)
	consent, err := url.Parse(b.address())
	require.NoError(t, err)
	callback := consent.Query().Get("redirect_uri")
	require.True(t, strings.HasPrefix(callback, home), "the consent page knows where to go: %s", callback)

	assert.EqualValues(t, 400, b.open(callback+"?code=a-code&state=a-state-of-nobody"))
	assert.Equal(t, "This link is not valid", b.text("#message h1"))
	assert.NotContains(t, b.text("body"), "a-state-of-nobody")
	b.look("6-wrong-state")

	b.open(consent.String())
	requested := b.lastRequest(callback)
	assert.EqualValues(t, 200, b.click("#allow", "#done"), "the login waited")
	replay := requested()
	require.Contains(t, replay, "code=")
	assert.EqualValues(t, 400, b.open(replay))
	assert.Equal(t, "This link is not valid", b.text("#message h1"))
	b.look("7-replayed")
	b.click("#home", "#APAC")
	assert.Equal(t, "Connected", b.text("#APAC .state"), "nothing was lost by it")
}
