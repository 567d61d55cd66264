package zoomauth_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
)

// assertSilent asserts that neither an error nor anything in its tree tells a secret.
func assertSilent(t *testing.T, err error, secrets ...string) {
	t.Helper()
	secrets = append(secrets, wireSecret, base64.StdEncoding.EncodeToString([]byte(wireID+":"+wireSecret)), "-canary-")
	for _, e := range tree(err) {
		for _, text := range printForms(e) {
			for _, secret := range secrets {
				assert.NotContains(t, text, secret)
			}
		}
	}
}

func tree(err error) []error {
	all := []error{err}
	switch e := err.(type) { //nolint:errorlint // a walk along the chain
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			all = append(all, tree(inner)...)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			all = append(all, tree(inner)...)
		}
	}
	return all
}

// printForms are all the ways in which a value gets into a log.
func printForms(v any) []string {
	var forms []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		forms = append(forms, fmt.Sprintf(verb, v))
	}
	if data, err := json.Marshal(v); err == nil {
		forms = append(forms, string(data))
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "v", v)
	return append(forms, log.String())
}
