package canary

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"slices"
	"syscall"

	"golang.org/x/oauth2"
)

const (
	maxNodes = 1000
	maxDepth = 8
)

// Tree returns an error and all that it wraps, singly or severally.
func Tree(err error) []error {
	var nodes []error
	var walk func(err error)
	walk = func(err error) {
		if err == nil || len(nodes) == maxNodes {
			return
		}
		nodes = append(nodes, err)
		switch wrapper := err.(type) { //nolint:errorlint // this is what errors.Is does
		case interface{ Unwrap() error }:
			walk(wrapper.Unwrap())
		case interface{ Unwrap() []error }:
			for _, child := range wrapper.Unwrap() {
				walk(child)
			}
		}
	}
	walk(err)
	return nodes
}

// forbidden are the types that hold an address with its query, a header with its
// credentials, or a token.
var forbidden = []reflect.Type{
	reflect.TypeFor[http.Request](), reflect.TypeFor[http.Response](), reflect.TypeFor[http.Header](),
	reflect.TypeFor[url.URL](), reflect.TypeFor[url.Error](), reflect.TypeFor[url.Values](), reflect.TypeFor[url.Userinfo](),
	reflect.TypeFor[oauth2.RetrieveError](), reflect.TypeFor[oauth2.Token](), reflect.TypeFor[oauth2.Config](),
}

// reachable returns the forbidden values that a program gets to from v by exported
// fields, elements and methods without parameters that return one.
func reachable(v any) []string {
	var found []string
	seen := map[uintptr]bool{}
	var walk func(path string, v reflect.Value, depth int)
	walk = func(path string, v reflect.Value, depth int) {
		if !v.IsValid() || depth > maxDepth {
			return
		}
		if slices.Contains(forbidden, v.Type()) {
			found = append(found, fmt.Sprintf("%s (%s)", path, v.Type()))
			return
		}
		if v.CanInterface() {
			for _, result := range handedOut(v) {
				walk(path+"()", result, maxDepth)
			}
		}
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() && !seen[v.Pointer()] {
				seen[v.Pointer()] = true
				walk(path, v.Elem(), depth)
			}
		case reflect.Interface:
			walk(path, v.Elem(), depth)
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					walk(path+"."+v.Type().Field(i).Name, v.Field(i), depth+1)
				}
			}
		case reflect.Slice, reflect.Array:
			for i := range min(v.Len(), 16) {
				walk(path+"[]", v.Index(i), depth+1)
			}
		case reflect.Map:
			for _, key := range v.MapKeys() {
				walk(path+"[]", v.MapIndex(key), depth+1)
			}
		}
	}
	walk(fmt.Sprintf("%T", v), reflect.ValueOf(v), 0)
	return found
}

// handedOut calls the methods that take nothing and return a forbidden type.
func handedOut(v reflect.Value) []reflect.Value {
	var results []reflect.Value
	if v.Kind() == reflect.Interface || (v.Kind() == reflect.Pointer && v.IsNil()) {
		return nil
	}
	for i := range v.NumMethod() {
		t := v.Method(i).Type()
		if t.NumIn() != 0 || t.NumOut() != 1 {
			continue
		}
		out := t.Out(0)
		if out.Kind() == reflect.Pointer {
			out = out.Elem()
		}
		if !slices.Contains(forbidden, out) {
			continue
		}
		if result := reflect.Indirect(v.Method(i).Call(nil)[0]); result.IsValid() {
			results = append(results, result)
		}
	}
	return results
}

// targets asks for errors inside of err as a program would, by [errors.As]: those
// that must not be there, and those that may and must print nothing.
func (s *Scanner) targets(where string, err error) []Hit {
	var hits []Hit
	for name, target := range map[string]any{
		"*url.Error":            new(*url.Error),
		"*oauth2.RetrieveError": new(*oauth2.RetrieveError),
		"a holder of a request": new(interface{ HTTPRequest() *http.Request }),
		"a holder of an answer": new(interface{ HTTPResponse() *http.Response }),
	} {
		if errors.As(err, target) {
			hits = append(hits, Hit{where, "errors.As", name, "reachable"})
		}
	}
	for _, target := range []any{
		new(*net.OpError), new(*net.DNSError), new(*net.AddrError), new(net.Error), new(syscall.Errno), new(*os.SyscallError), new(*os.PathError),
		new(*tls.CertificateVerificationError), new(x509.UnknownAuthorityError), new(x509.HostnameError), new(tls.RecordHeaderError),
		new(interface{ Timeout() bool }), new(interface{ Temporary() bool }), new(interface{ Unwrap() error }), new(interface{ Unwrap() []error }),
		new(fmt.Stringer), new(fmt.Formatter),
	} {
		if !errors.As(err, target) {
			continue
		}
		found := reflect.ValueOf(target).Elem().Interface()
		if e, ok := found.(error); ok && s.isDone(e) {
			continue // a node of the tree
		}
		hits = append(hits, s.Value(where+", by errors.As", found)...)
		for _, path := range reachable(found) {
			hits = append(hits, Hit{where, "errors.As", path, "reachable"})
		}
	}
	return hits
}
