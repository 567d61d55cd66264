package zoomtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"time"
)

// PageTokenLife is how long a page token can be used, on the server's clock.
const PageTokenLife = 15 * time.Minute

const macSize = 12

// newPageToken writes a token that holds all it stands for: the position, the
// time of issue, and a seal over both, the account, the path and every other
// parameter. The server keeps nothing.
func (s *Server) newPageToken(path string, query url.Values, pos int64, now time.Time) string {
	if s.quirks.OncePageTokens { // no two are the same
		s.issued++
		now = now.Add(s.issued)
	}
	var raw [16 + macSize]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(pos))
	binary.BigEndian.PutUint64(raw[8:16], uint64(now.UnixNano()))
	copy(raw[16:], s.seal(raw[:16], path, query))
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// readPageToken returns the position in a token, if it was made for the same
// listing and is still alive.
func (s *Server) readPageToken(token, path string, query url.Values, now time.Time) (int64, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 16+macSize || !hmac.Equal(raw[16:], s.seal(raw[:16], path, query)) {
		return 0, false
	}
	issued := time.Unix(0, int64(binary.BigEndian.Uint64(raw[8:16])))
	return int64(binary.BigEndian.Uint64(raw[:8])), now.Before(issued.Add(PageTokenLife))
}

// usePageToken reports whether a token may be used, which can be so once alone.
func (s *Server) usePageToken(token string) bool {
	if !s.quirks.OncePageTokens {
		return true
	}
	if s.usedTokens[token] {
		return false
	}
	if s.usedTokens == nil {
		s.usedTokens = map[string]bool{}
	}
	s.usedTokens[token] = true
	return true
}

func (s *Server) seal(content []byte, path string, query url.Values) []byte {
	others := url.Values{}
	for name, values := range query {
		if name != "next_page_token" {
			others[name] = values
		}
	}
	mac := hmac.New(sha256.New, s.sealKey)
	mac.Write(content)
	mac.Write([]byte(s.accountID + "\n" + path + "\n" + others.Encode()))
	return mac.Sum(nil)[:macSize]
}
