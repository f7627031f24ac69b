package redactiontest

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"text/template"
)

// holder is a caller's struct. Of an unexported field, fmt calls no methods: it
// reads what it can reach by reflection.
type holder[T any] struct {
	Public T
	hidden T
}

// hidden is a caller's struct with nothing exported.
type hidden[T any] struct{ v T }

// shapes returns v as callers hold it.
func shapes[T any](v T) []any {
	list := []any{
		v, &v, []T{v}, []*T{&v}, [1]T{v}, map[string]T{"k": v}, []any{v}, map[string]any{"k": v}, struct{ V any }{v},
		holder[T]{v, v}, &holder[T]{v, v}, holder[any]{v, v}, []holder[*T]{{&v, &v}}, map[string]holder[[]T]{"k": {[]T{v}, []T{v}}},
		hidden[T]{v}, &hidden[T]{v}, hidden[*T]{&v}, hidden[any]{v}, hidden[any]{&v}, hidden[[]T]{[]T{v}}, hidden[[1]T]{[1]T{v}},
		hidden[map[string]T]{map[string]T{"k": v}}, hidden[func() T]{func() T { return v }}, hidden[hidden[T]]{hidden[T]{v}},
		hidden[*holder[T]]{&holder[T]{v, v}},
	}
	if value := reflect.ValueOf(v); value.IsValid() && value.Comparable() {
		list = append(list, map[any]int{v: 1}, hidden[map[any]int]{map[any]int{v: 1}})
	}
	return list
}

// formats returns every verb, and one that is none, with the flags that choose
// another form.
var formats = sync.OnceValue(func() []string {
	list := []string{"% x", "% X", "%# x", "%08d", "%40s", "%-40.3v", "%+#v", "%O", "%E", "%F", "%G"}
	for _, flag := range []string{"", "+", "#"} {
		for _, verb := range "vTtbcdoqxXUefgspwz" {
			list = append(list, "%"+flag+string(verb))
		}
	}
	return list
})

var templates = template.Must(template.New("").Parse(
	`{{.}} {{printf "%v %+v %#v %s %x %d %q" . . . . . . .}} {{print .}} {{println .}} {{html .}} {{js .}} {{urlquery .}} {{with .}}{{.}}{{end}}`))

// outputs returns all that comes out of v, each text once.
func outputs[T any](v T) string {
	seen := map[string]bool{}
	var all strings.Builder
	note := func(text string) {
		if !seen[text] {
			seen[text] = true
			all.WriteString(text)
			all.WriteByte(0)
		}
	}
	for _, shape := range shapes(v) {
		for _, format := range formats() {
			note(fmt.Sprintf(format, shape))
		}
		note(fmt.Sprint(shape) + fmt.Sprintln(shape) + fmt.Errorf("%w %v", fmt.Errorf("%v", shape), shape).Error())
		logs(note, shape)
		marshals(note, shape)
		var b bytes.Buffer
		if err := templates.Execute(&b, shape); err != nil {
			note(err.Error())
		}
		note(b.String())
	}
	return all.String()
}

func logs(note func(string), v any) {
	options := &slog.HandlerOptions{AddSource: true, Level: slog.LevelDebug}
	var b bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, options), slog.NewJSONHandler(&b, options)} {
		l := slog.New(h)
		l.Info("m", "v", v, slog.Any("any", v), slog.Group("g", "v", v), "list", []any{v})
		l.With("v", v).WithGroup("g").Debug("m", "err", fmt.Errorf("%v", v))
	}
	note(b.String())
}

func marshals(note func(string), v any) {
	noteBytes := func(b []byte, err error) {
		note(string(b))
		if err != nil {
			note(err.Error())
		}
	}
	noteBytes(json.Marshal(v))
	noteBytes(json.MarshalIndent(v, "", " "))
	noteBytes(xml.Marshal(v))
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(v)
	noteBytes(b.Bytes(), err)
	if m, ok := v.(encoding.TextMarshaler); ok {
		noteBytes(m.MarshalText())
	}
	if m, ok := v.(encoding.BinaryMarshaler); ok {
		noteBytes(m.MarshalBinary())
	}
	if m, ok := v.(gob.GobEncoder); ok {
		noteBytes(m.GobEncode())
	}
}
