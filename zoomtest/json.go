package zoomtest

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/seatkit/zoom"
)

// An object writes one JSON object, member by member. Listings of a large
// account run through it, so that it works without reflection.
type object struct {
	buf   []byte
	empty bool
}

func beginObject(buf []byte) object { return object{buf: append(buf, '{'), empty: true} }

func (o *object) end() []byte { return append(o.buf, '}') }

func (o *object) key(name string) {
	if !o.empty {
		o.buf = append(o.buf, ',')
	}
	o.empty = false
	o.buf = append(o.buf, '"')
	o.buf = append(o.buf, name...)
	o.buf = append(o.buf, '"', ':')
}

func (o *object) text(name, value string) {
	o.key(name)
	o.buf = appendText(o.buf, value)
}

// textIf leaves an empty text out.
func (o *object) textIf(name, value string) {
	if value != "" {
		o.text(name, value)
	}
}

func (o *object) number(name string, value int64) {
	o.key(name)
	o.buf = strconv.AppendInt(o.buf, value, 10)
}

func (o *object) numberIf(name string, value int64) {
	if value != 0 {
		o.number(name, value)
	}
}

func (o *object) flag(name string, value bool) {
	o.key(name)
	o.buf = strconv.AppendBool(o.buf, value)
}

// moment leaves a nil time out and writes a zero one as it was sent, mostly "".
func (o *object) moment(name string, value *zoom.Time) {
	switch {
	case value == nil:
	case value.IsZero():
		o.text(name, value.Raw())
	default:
		o.date(name, value.Time())
	}
}

// date leaves the zero time out.
func (o *object) date(name string, value time.Time) {
	if value.IsZero() {
		return
	}
	o.key(name)
	o.buf = append(o.buf, '"')
	o.buf = value.UTC().AppendFormat(o.buf, time.RFC3339)
	o.buf = append(o.buf, '"')
}

func (o *object) texts(name string, values []string) {
	if len(values) == 0 {
		return
	}
	o.key(name)
	o.buf = append(o.buf, '[')
	for i, value := range values {
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		o.buf = appendText(o.buf, value)
	}
	o.buf = append(o.buf, ']')
}

func (o *object) raw(name string, value []byte) {
	o.key(name)
	o.buf = append(o.buf, value...)
}

// any writes what is too rare to deserve a method of its own.
func (o *object) any(name string, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic("zoomtest: " + name + " cannot be written as JSON: " + err.Error())
	}
	o.raw(name, text)
}

func appendText(buf []byte, value string) []byte {
	for i := range len(value) {
		if c := value[i]; c < 0x20 || c >= 0x80 || c == '"' || c == '\\' {
			text, _ := json.Marshal(value) // a string always can be written
			return append(buf, text...)
		}
	}
	buf = append(buf, '"')
	buf = append(buf, value...)
	return append(buf, '"')
}
