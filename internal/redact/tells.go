package redact

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"

	"golang.org/x/oauth2"
)

// telling are the types that hold an address with its query, a header with its
// credentials, or a token.
var telling = []reflect.Type{
	reflect.TypeFor[http.Request](), reflect.TypeFor[http.Response](), reflect.TypeFor[http.Header](),
	reflect.TypeFor[url.URL](), reflect.TypeFor[url.Error](), reflect.TypeFor[url.Values](), reflect.TypeFor[url.Userinfo](),
	reflect.TypeFor[oauth2.Token](), reflect.TypeFor[oauth2.Config](), reflect.TypeFor[oauth2.RetrieveError](),
}

// tells reports whether a target of [errors.As] can lead to such a value: it is
// an interface, which can be anything, or has one in an exported field.
func tells(target any) bool {
	t := reflect.TypeOf(target)
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() == reflect.Interface {
		return true
	}
	return leads(t.Elem(), map[reflect.Type]bool{})
}

func leads(t reflect.Type, seen map[reflect.Type]bool) bool {
	if slices.Contains(telling, t) {
		return true
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return leads(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && leads(f.Type, seen) {
				return true
			}
		}
	}
	return false
}
