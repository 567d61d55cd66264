package tokens

import (
	"context"
	"reflect"
)

// A Shared is the cache of a source as its clients see it.
type Shared interface {
	Ready(ctx context.Context, prepare func(context.Context) context.Context) (access string, ok bool)
	Access(ctx context.Context, prepare func(context.Context) context.Context) (string, error)
	Held() (access string, ok bool)
	Rejected(access string) (undecided bool)
	Accepted(access string)
	Useless(access string)
	Idle() <-chan struct{}
}

// Access returns the access token of Get.
func (c *Cache[T]) Access(ctx context.Context, prepare func(context.Context) context.Context) (string, error) {
	tok, err := c.Get(ctx, prepare)
	if err != nil {
		return "", err
	}
	return tok.Access, nil
}

// A Link makes the cache of a source known to [Of]. The source embeds it.
type Link struct {
	source any
	cache  Shared
}

// NewLink links a source, which is a pointer, to its cache.
func NewLink(source any, cache Shared) Link { return Link{source, cache} }

func (l Link) link() Link { return l }

// Of returns the cache of a source, or nil if the source has none of this package. A type
// that embeds a source is another one: it may give out other tokens.
func Of(source any) Shared {
	linked, ok := source.(interface{ link() Link })
	if !ok || !embedsLink(reflect.ValueOf(source)) || linked.link().source != source {
		return nil
	}
	return linked.link().cache
}

// embedsLink reports whether a source is a pointer to a struct that embeds a Link itself:
// the method of a Link in an embedded pointer may not be called, which can be nil.
func embedsLink(v reflect.Value) bool {
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return false
	}
	for i := range v.Elem().NumField() {
		if f := v.Elem().Type().Field(i); f.Anonymous && f.Type == reflect.TypeFor[Link]() {
			return true
		}
	}
	return false
}
