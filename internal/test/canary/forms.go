package canary

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"strconv"
	"strings"
)

// A needle is one form of a secret.
type needle struct {
	secret, form string
	text         string
	exact        bool // case matters; else text is in lower case
}

const (
	headLength = 14 // of a secret that was cut off: so much of it is one too
	minBase64  = 10
)

// needlesOf returns the forms in which a secret can show. Those that are not
// exact are looked for in any case, so that one printed in upper, lower or
// swapped case is found as well.
func needlesOf(s Secret) []needle {
	v := s.Value
	quoted := strconv.Quote(v)
	forms := []needle{
		{form: "plain", text: v},
		{form: "query-escaped", text: url.QueryEscape(v)},
		{form: "path-escaped", text: url.PathEscape(v)},
		{form: "escaped twice", text: url.QueryEscape(url.QueryEscape(v))},
		{form: "password in a URL", text: strings.TrimPrefix(url.UserPassword("", v).String(), ":")},
		{form: "JSON", text: jsonText(v)},
		{form: "JSON in JSON", text: jsonText(jsonText(v))},
		{form: "Go-quoted", text: quoted[1 : len(quoted)-1]},
		{form: "HTML", text: html.EscapeString(v)},
		{form: "hex", text: hex.EncodeToString([]byte(v))},
		{form: "reversed", text: reverse(v)},
		{form: "base64 in swapped case", text: swapCase(base64.StdEncoding.EncodeToString([]byte(v))), exact: true},
	}
	if len(v) >= headLength+4 {
		forms = append(forms,
			needle{form: "beginning", text: v[:headLength]},
			needle{form: "beginning, escaped", text: url.QueryEscape(v[:headLength])},
			needle{form: "end", text: v[len(v)-headLength:]},
		)
	}
	forms = append(forms, base64Needles(v)...)

	var needles []needle
	seen := map[string]bool{}
	for _, n := range forms {
		if !n.exact {
			n.text = strings.ToLower(n.text)
		}
		if !seen[n.text] {
			seen[n.text] = true
			n.secret = s.Name
			needles = append(needles, n)
		}
	}
	return needles
}

// base64Needles are what a secret becomes inside of a longer text that was
// encoded as a whole, at each of the three places where it can begin: a body in
// JSON, user and password of a header.
func base64Needles(v string) []needle {
	var needles []needle
	for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
		for shift := range 3 {
			text := enc.EncodeToString([]byte(strings.Repeat("x", shift) + v))
			text = text[[3]int{0, 2, 3}[shift]:]     // what mixes with the text before
			if (len(v)+shift)%3 != 0 && text != "" { // and after
				text = text[:len(text)-1]
			}
			if len(text) >= minBase64 {
				needles = append(needles, needle{form: name, text: text, exact: true})
			}
		}
	}
	return needles
}

func jsonText(v string) string {
	text, err := json.Marshal(v)
	if err != nil {
		return v
	}
	return string(text[1 : len(text)-1])
}

func reverse(v string) string {
	b := []byte(v)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

func swapCase(v string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		default:
			return r
		}
	}, v)
}
