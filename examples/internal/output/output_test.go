package output_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom/examples/internal/output"
)

func open(t *testing.T, stdout io.Writer, args ...string) *output.Writer {
	t.Helper()
	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	options := output.Flags(flags)
	require.NoError(t, flags.Parse(args))
	w, err := options.Open(stdout, "name", "last_seen", "minutes")
	require.NoError(t, err)
	t.Cleanup(w.Close)
	return w
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.FixedZone("", 3600))

func TestFormats(t *testing.T) {
	for format, want := range map[string]struct{ stdout, stderr string }{
		"table": {"NAME    LAST SEEN             MINUTES\nZoë     2026-11-20T11:00:00Z  5\n [31mB  -                     0\n\n2 people\n", ""},
		"csv":   {"name,last_seen,minutes\nZoë,2026-11-20T11:00:00Z,5\n\x1b[31mB,,0\n", "2 people\n"},
		"json":  {"[\n  {\"name\": \"Zoë\", \"last_seen\": \"2026-11-20T11:00:00Z\", \"minutes\": 5},\n  {\"name\": \"\\u001b[31mB\", \"last_seen\": null, \"minutes\": 0}\n]\n", "2 people\n"},
	} {
		t.Run(format, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			w := open(t, &stdout, "-format", format)
			require.NoError(t, w.Row("Zoë", noon, 5))
			require.NoError(t, w.Row("\x1b[31mB", time.Time{}, 0))
			require.NoError(t, w.Commit(&stderr, "2 people\n"))
			w.Close()
			assert.Equal(t, want.stderr, stderr.String())
			assert.Equal(t, want.stdout, stdout.String())
		})
	}
}

func TestNoRowsIsWellFormed(t *testing.T) {
	var stdout bytes.Buffer
	require.NoError(t, open(t, &stdout, "-format", "json").Commit(io.Discard, ""))
	var rows []any
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &rows))
	assert.NotNil(t, rows)
	assert.Empty(t, rows)
}

func TestSpreadsheetFormulas(t *testing.T) {
	var stdout bytes.Buffer
	w := open(t, &stdout, "-format", "csv")
	for _, name := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "a=1"} {
		require.NoError(t, w.Row(name, time.Time{}, 0))
	}
	require.NoError(t, w.Commit(io.Discard, ""))
	records, err := csv.NewReader(&stdout).ReadAll()
	require.NoError(t, err)
	var names []string
	for _, record := range records[1:] {
		names = append(names, record[0])
	}
	assert.Equal(t, []string{"'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "a=1"}, names)
}

func TestGivenUp(t *testing.T) {
	for format, want := range map[string]string{
		"table": "NAME  LAST SEEN  MINUTES\nann   -          1\n",
		"csv":   "name,last_seen,minutes\nann,,1\n",
		"json":  "[\n  {\"name\": \"ann\", \"last_seen\": null, \"minutes\": 1}\n",
	} {
		var stdout bytes.Buffer
		w := open(t, &stdout, "-format", format)
		w.Close()
		assert.Empty(t, stdout.String(), "nothing where there is no row")
		w = open(t, &stdout, "-format", format)
		require.NoError(t, w.Row("ann", time.Time{}, 1))
		w.Close()
		assert.Equal(t, want, stdout.String())
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "people.csv")
	require.NoError(t, os.WriteFile(path, []byte("yesterday"), 0o644))
	var stdout, stderr bytes.Buffer

	w := open(t, &stdout, "-format", "csv", "-o", path)
	assert.Nil(t, w.Live())
	require.NoError(t, w.Row("ann", time.Time{}, 1))
	w.Close()
	assertFile(t, path, "yesterday")

	w = open(t, &stdout, "-format", "csv", "-o", path)
	require.NoError(t, w.Row("ann", time.Time{}, 1))
	assertFileHolds(t, path, "yesterday")
	require.NoError(t, w.Commit(&stderr, "1 person\n"))
	w.Close()
	assertFile(t, path, "name,last_seen,minutes\nann,,1\n")
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	assert.Empty(t, stdout.String())
	assert.Equal(t, "1 person\nWritten to "+path+".\n", stderr.String())
}

func TestFileRefused(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link.csv")
	require.NoError(t, os.Symlink(filepath.Join(dir, "target.csv"), link))
	for _, path := range []string{dir, link, os.DevNull, filepath.Join(dir, "missing", "people.csv")} {
		flags := flag.NewFlagSet("test", flag.ContinueOnError)
		options := output.Flags(flags)
		require.NoError(t, flags.Parse([]string{"-o", path}))
		_, err := options.Open(io.Discard, "name")
		require.Error(t, err, path)
	}
}

// assertFile also looks for what should not lie beside the file.
func assertFile(t *testing.T, path, want string) {
	t.Helper()
	assertFileHolds(t, path, want)
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

func assertFileHolds(t *testing.T, path, want string) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, want, string(content))
}
