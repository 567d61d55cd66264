package zoom_test

import (
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

func between(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, from)
	require.True(t, found, "no %q", from)
	part, _, found := strings.Cut(rest, to)
	require.True(t, found, "no %q", to)
	return part
}
