package zoom_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The program in the README is the one that is compiled and run as an example.
func TestReadmeProgramIsTheExample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	source, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	body := between(t, string(source), "opts ...zoom.Option) error {\n", "\n}\n")
	body = strings.ReplaceAll("\n"+body, "\n\t", "\n")
	_, loop, found := strings.Cut(body, "defer client.Close()")
	require.True(t, found)
	program := between(t, string(readme), "## The main job\n", "\n## ")
	require.Contains(t, program, "defer client.Close()"+loop)
}

// The table of scopes in the README is that of the code: the same rows in the same
// order, the task named in its first one.
func TestReadmeScopesAreThoseOfTheCode(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	section := between(t, string(readme), "## Which scopes\n", "\n## ")
	var have, want []string
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "|") {
			have = append(have, strings.TrimSpace(line))
		}
	}
	want = append(want, "| task | Zoom endpoint | classic | granular |", "|---|---|---|---|")
	for _, task := range allTasks() {
		name := " " + task.String()
		for _, s := range task.Scopes() {
			want = append(want, fmt.Sprintf("|%s | %s | %#q | %#q |", name, s.Endpoint, s.Classic, s.Granular))
			name = ""
		}
	}
	require.Equal(t, want, have)
	require.Less(t, strings.Count(string(readme), "\n"), 300)
}

func between(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, from)
	require.True(t, found, "no %q", from)
	part, _, found := strings.Cut(rest, to)
	require.True(t, found, "no %q", to)
	return part
}
