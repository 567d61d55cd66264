package zoom_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A sixth direct dependency means a new module under contrib.
func TestFiveDirectDependencies(t *testing.T) {
	data, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	var direct []string
	required := regexp.MustCompile(`^(?:require\s+)?([\w.-]+\.[\w.-]+/\S+)\s+v\S+$`)
	for line := range strings.Lines(string(data)) {
		code, comment, _ := strings.Cut(strings.TrimSpace(line), "//")
		if m := required.FindStringSubmatch(strings.TrimSpace(code)); m != nil && !strings.Contains(comment, "indirect") {
			direct = append(direct, m[1])
		}
	}
	assert.ElementsMatch(t, []string{
		"github.com/go-json-experiment/json", "github.com/hashicorp/go-retryablehttp", "github.com/stretchr/testify",
		"golang.org/x/oauth2", "golang.org/x/time",
	}, direct)
	assert.Regexp(t, `(?m)^go 1\.26\.0$`, string(data), "the older of the two supported releases, no patch version")
	assert.NotRegexp(t, `(?m)^(toolchain|replace|exclude)\b`, string(data))
}
