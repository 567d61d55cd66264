package output_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unicode"

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
		"table": {"NAME       LAST SEEN             MINUTES\nZoë        2026-11-20T11:00:00Z  5\n\\x1b[31mB  -                     0\n\n2 people\n", ""},
		"csv":   {"name,last_seen,minutes\nZoë,2026-11-20T11:00:00Z,5\n\\x1b[31mB,,0\n", "2 people\n"},
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
	assert.Equal(t, []string{"'=1+1", "'+1", "'-1", "'@SUM(A1)", `\t=1`, "a=1"}, names)
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
	assert.Equal(t, os.FileMode(0o644), info.Mode().Perm())
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

// A file keeps its mode, a new one is its owner's alone, and until it is complete nobody
// else can read the new content.
func TestFaultEX02ModeIsKept(t *testing.T) {
	for _, mode := range []os.FileMode{0o600, 0o640, 0o664, 0o644, 0o444, 0} {
		t.Run(fmt.Sprintf("EX02 %o", mode), func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "people.csv")
			want := mode
			if mode == 0 {
				want = 0o600
			} else {
				require.NoError(t, os.WriteFile(path, []byte("yesterday"), 0o600))
				require.NoError(t, os.Chmod(path, mode))
			}
			w := open(t, io.Discard, "-format", "csv", "-o", path)
			require.NoError(t, w.Row("ann", time.Time{}, 1))
			temps, err := filepath.Glob(filepath.Join(dir, ".people.csv.*.tmp"))
			require.NoError(t, err)
			require.Len(t, temps, 1)
			info, err := os.Stat(temps[0])
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
			require.NoError(t, w.Commit(io.Discard, ""))
			w.Close()
			info, err = os.Stat(path)
			require.NoError(t, err)
			assert.Equal(t, want, info.Mode().Perm())
			assertFile(t, path, "name,last_seen,minutes\nann,,1\n")
		})
	}
}

// What a killed run left is removed by the next run; the temporary file of a run that is
// alive, and files of others, stay.
func TestFaultEX02LeftoversAreRemoved(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "people.csv")
	leftover := filepath.Join(dir, ".people.csv.123456.tmp")
	others := []string{".people.csv.12a.tmp", ".people.csv..tmp", ".other.csv.123.tmp", "people.csv.123.tmp", ".people.csv.123"}
	for _, name := range append(others, filepath.Base(leftover)) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("ann@example.com"), 0o600))
	}
	alive := open(t, io.Discard, "-format", "csv", "-o", path)
	require.NoError(t, alive.Row("ann", time.Time{}, 1))
	assert.NoFileExists(t, leftover)
	second := open(t, io.Discard, "-format", "csv", "-o", path)
	require.NoError(t, second.Row("bob", time.Time{}, 2))
	require.NoError(t, second.Commit(io.Discard, ""))
	assertFileHolds(t, path, "name,last_seen,minutes\nbob,,2\n")
	require.NoError(t, alive.Commit(io.Discard, ""))
	assertFileHolds(t, path, "name,last_seen,minutes\nann,,1\n")
	alive.Close()
	second.Close()
	for _, name := range others {
		assert.FileExists(t, filepath.Join(dir, name))
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, len(others)+1)
}

// No character that a person put into a name reaches the terminal or the spreadsheet as a
// control; JSON tells it, and CSV and table show it.
func TestFaultEX02ControlCharactersAreEscaped(t *testing.T) {
	for name, visible := range map[string]string{
		"\x1b[2J": `\x1b[2J`, "a\x00b": `a\x00b`, "a\nb": `a\nb`, "a\r": `a\r`, "a\tb": `a\tb`, "\u009b1m": `\u009b1m`, "\x7f": `\x7f`,
		"gpj\u202eexe": `gpj\u202eexe`, "a\u2066b": `a\u2066b`, "a\u2028b": `a\u2028b`,
		"Zoë": "Zoë", "山田\u3000太郎": "山田\u3000太郎", "نرگس\u200cزاده": "نرگس\u200cزاده", "a\u00a0b": "a\u00a0b",
	} {
		t.Run(fmt.Sprintf("EX02 %q", name), func(t *testing.T) {
			for _, format := range []string{"table", "csv", "json"} {
				var stdout bytes.Buffer
				w := open(t, &stdout, "-format", format)
				require.NoError(t, w.Row(name, time.Time{}, 0))
				require.NoError(t, w.Commit(io.Discard, ""))
				for _, r := range stdout.String() {
					assert.False(t, r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)), "%s: %q", format, stdout.String())
				}
				if format != "json" {
					assert.Contains(t, stdout.String(), visible, format)
					continue
				}
				var rows []struct{ Name string }
				require.NoError(t, json.Unmarshal(stdout.Bytes(), &rows))
				assert.Equal(t, name, rows[0].Name)
			}
		})
	}
}
