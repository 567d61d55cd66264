package canary

import "strings"

// needles are looked for all at once: texts are many, and all but none of their
// places begin like a needle.
type needles struct {
	all    []needle
	begins [1 << 16]bool // by the hash of the first four bytes, in lower case
	at     map[string][]int
}

const prefix = 4

func (n *needles) add(more ...needle) {
	if n.at == nil {
		n.at = map[string][]int{}
	}
	for _, needle := range more {
		lower := strings.ToLower(needle.text)
		n.begins[hash(lower)] = true
		n.at[lower[:prefix]] = append(n.at[lower[:prefix]], len(n.all))
		n.all = append(n.all, needle)
	}
}

// in returns the secrets that a text holds, with the form of each that was found
// first.
func (n *needles) in(text string) map[string]string {
	var found map[string]string
	lower := strings.ToLower(text)
	if len(lower) != len(text) { // letters of other scripts: places do not match
		text = lower
	}
	for i := 0; i+prefix <= len(lower); i++ {
		if !n.begins[hash(lower[i:])] {
			continue
		}
		for _, k := range n.at[lower[i:i+prefix]] {
			in, needle := lower[i:], n.all[k]
			if needle.exact {
				in = text[i:]
			}
			if !strings.HasPrefix(in, needle.text) {
				continue
			}
			if found == nil {
				found = map[string]string{}
			}
			if found[needle.secret] == "" {
				found[needle.secret] = needle.form
			}
		}
	}
	return found
}

func hash(text string) uint16 {
	return uint16(text[0]) ^ uint16(text[1])<<3 ^ uint16(text[2])<<6 ^ uint16(text[3])<<9
}
