package wire

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPathFillsTheTemplate(t *testing.T) {
	for _, tc := range []struct {
		name, template string
		values         []string
		want           string
	}{
		{"no placeholder", "/users", nil, "/users"},
		{"an id", "/users/{userId}/status", []string{"KDcuGIm1QgePTO8WbOqwIQ"}, "/users/KDcuGIm1QgePTO8WbOqwIQ/status"},
		{"an id that begins with a dash", "/users/{userId}", []string{"-_bbm4KGTsSvL5zmELDJdw"}, "/users/-_bbm4KGTsSvL5zmELDJdw"},
		{"an e-mail address", "/users/{userId}", []string{"o'neil+zoom@example.com"}, "/users/o%27neil%2Bzoom%40example.com"},
		{"a percent sign", "/users/{userId}", []string{"a%2Fb"}, "/users/a%252Fb"},
		{"an ampersand", "/users/{userId}", []string{"a&b=c"}, "/users/a%26b%3Dc"},
		{"two values", "/a/{x}/b/{y}", []string{"1", "2"}, "/a/1/b/2"},
		{"a slash in an id that is no meeting's", "/users/{userId}", []string{"a/b"}, "/users/a%2Fb"},
		{"a query and a fragment in an id", "/users/{userId}/status", []string{"a?x=1#f"}, "/users/a%3Fx%3D1%23f/status"},
		{"a UUID without a slash", "/m/{meetingId}", []string{"Vg8IdgluR5WDeWIkpJlElQ=="}, "/m/Vg8IdgluR5WDeWIkpJlElQ%3D%3D"},
		{"a UUID with a plus", "/m/{meetingId}", []string{"a+b=="}, "/m/a%2Bb%3D%3D"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Path(tc.template, tc.values...)
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
		})
	}
}

// The first two rows are Zoom's own example and its rule; a slash in the middle
// is escaped twice as well, which Zoom takes.
func TestFaultIN06MeetingUUIDIsEscapedTwice(t *testing.T) {
	for uuid, want := range map[string]string{
		"/abcABC123==": "/m/%252FabcABC123%253D%253D/p",
		"abc//ABC==":   "/m/abc%252F%252FABC%253D%253D/p",
		"abc/ABC==":    "/m/abc%252FABC%253D%253D/p",
	} {
		got, err := Path("/m/{meetingUUID}/p", uuid)
		require.NoError(t, err)
		assert.Equal(t, want, got, uuid)
	}
}

func TestPathRefuses(t *testing.T) {
	const template = "/users/{userId}/status"
	for _, tc := range []struct {
		name, template string
		values         []string
	}{
		{"IN01 empty", template, []string{""}},
		{"IN02 dot", template, []string{"."}},
		{"IN02 two dots", template, []string{".."}},
		{"IN03 dots in a path", template, []string{"../accounts/me"}},
		{"IN03 dots behind a slash", template, []string{"a/.."}},
		{"IN03 a dot between slashes", template, []string{"a/./b"}},
		{"IN05 blank", template, []string{" "}},
		{"IN05 blank inside", template, []string{"a b"}},
		{"IN05 no-break space", template, []string{"a\u00a0b"}},
		{"IN05 line separator", template, []string{"a\u2028b"}},
		{"IN05 NUL", template, []string{"a\x00b"}},
		{"IN05 CR LF", template, []string{"a\r\nb"}},
		{"IN05 C1 control", template, []string{"a\u0085b"}},
		{"IN05 257 bytes", template, []string{strings.Repeat("a", 257)}},
		{"IN05 bad UTF-8", template, []string{"a\xffb"}},
		{"too few values", template, nil},
		{"too many values", template, []string{"a", "b"}},
		{"no leading slash", "users", nil},
		{"empty template", "", nil},
		{"query in the template", "/users?x=1", nil},
		{"fragment in the template", "/users#x", nil},
		{"escape in the template", "/users%2F", nil},
		{"dots in the template", "/users/../accounts", nil},
		{"dot in the template", "/users/./x", nil},
		{"open placeholder", "/users/{userId", []string{"a"}},
		{"half a placeholder", "/users/x{userId}", []string{"a"}},
		{"closing brace", "/users/userId}", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Path(tc.template, tc.values...)
			require.Error(t, err)
			assert.Empty(t, got)
			for _, value := range tc.values {
				if len(value) > 3 {
					assert.NotContains(t, err.Error(), value)
				}
			}
		})
	}
	_, err := Path(template, strings.Repeat("a", 256))
	require.NoError(t, err)
}

// FuzzPath holds IN02 and IN03: whatever the value, the URL has exactly the
// segments of the template, or the value is refused.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{
		"", ".", "..", "../accounts/me", "a/b", "a?x=1", "a#f", "/abcABC123==", "a//b", "%2e%2e", "%2F", "..%2f", `..\..`,
		"jchill@example.com", "a b", "\x00", "\xff", "ä", "+", ";x=1", "...", "a\u2028", strings.Repeat("é", 128),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, placeholder := range []string{"userId", "meetingId"} {
			escaped, err := Path("/users/{"+placeholder+"}/status", value)
			if err != nil {
				continue
			}
			u, err := url.Parse("https://api.zoom.us/v2" + escaped)
			require.NoError(t, err)
			require.Empty(t, u.RawQuery)
			require.Empty(t, u.Fragment)
			require.Equal(t, "/v2"+escaped, u.EscapedPath())
			segments := strings.Split(u.EscapedPath(), "/")
			require.Len(t, segments, 5, escaped)
			require.Equal(t, []string{"", "v2", "users"}, segments[:3])
			require.Equal(t, "status", segments[4])

			decoded, err := url.PathUnescape(segments[3])
			require.NoError(t, err)
			if placeholder == "meetingId" && strings.Contains(value, "/") {
				require.NotContains(t, decoded, "/", "one decoding on the way keeps the segment")
				decoded, err = url.PathUnescape(decoded)
				require.NoError(t, err)
			}
			require.Equal(t, value, decoded)
			// A proxy that decodes %2F and then cleans the path stays within it.
			for part := range strings.SplitSeq(value, "/") {
				require.NotContains(t, []string{".", ".."}, part)
			}
		}
	})
}
