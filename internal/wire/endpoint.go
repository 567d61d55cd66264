package wire

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// Endpoint reads an address to which a token or a secret may be sent: https, or
// http on loopback, without user, query and fragment. Its errors do not repeat it.
func Endpoint(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return nil, errors.New("want an absolute URL") // the parser's error quotes the address
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("want no user, query or fragment")
	case u.Scheme != "https" && (u.Scheme != "http" || !IsLoopback(u.Hostname())):
		return nil, errors.New("want https, or http on loopback")
	}
	return u, nil
}

// IsLoopback reports whether a host is this machine.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
