package testvectors_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// schema checks values against the part of JSON Schema 2020-12 that schema.json
// uses.
type schema struct{ root map[string]any }

func (s schema) check(rule, v any, path string) error {
	if allowed, ok := rule.(bool); ok {
		if allowed {
			return nil
		}
		return fmt.Errorf("%s: not allowed", path)
	}
	rules := rule.(map[string]any)
	for name, arg := range rules {
		if err := s.keyword(name, arg, rules, v, path); err != nil {
			return err
		}
	}
	return nil
}

func (s schema) keyword(name string, arg any, rules map[string]any, v any, path string) error {
	wrong := func() error { return fmt.Errorf("%s: %v breaks %s %v", path, v, name, arg) }
	object, _ := v.(map[string]any)
	list, _ := v.([]any)
	text, isText := v.(string)
	switch name {
	case "$schema", "title", "description", "$defs", "then", "else":
		return nil
	case "$ref":
		return s.check(s.root["$defs"].(map[string]any)[strings.TrimPrefix(arg.(string), "#/$defs/")], v, path)
	case "type":
		if jsonType(v) != arg {
			return wrong()
		}
	case "const":
		if v != arg {
			return wrong()
		}
	case "enum":
		if !slices.Contains(arg.([]any), v) {
			return wrong()
		}
	case "pattern":
		if isText && !pattern(arg.(string)).MatchString(text) {
			return wrong()
		}
	case "minLength":
		if isText && int64(len(text)) < integer(arg) {
			return wrong()
		}
	case "minimum":
		if n, ok := v.(json.Number); ok && integer(n) < integer(arg) {
			return wrong()
		}
	case "maximum":
		if n, ok := v.(json.Number); ok && integer(n) > integer(arg) {
			return wrong()
		}
	case "minItems":
		if list != nil && int64(len(list)) < integer(arg) {
			return wrong()
		}
	case "minProperties":
		if object != nil && int64(len(object)) < integer(arg) {
			return wrong()
		}
	case "items":
		for i, item := range list {
			if err := s.check(arg, item, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case "required":
		for _, name := range arg.([]any) {
			if _, ok := object[name.(string)]; object != nil && !ok {
				return wrong()
			}
		}
	case "properties":
		for name, rule := range arg.(map[string]any) {
			if member, ok := object[name]; ok {
				if err := s.check(rule, member, path+"."+name); err != nil {
					return err
				}
			}
		}
	case "additionalProperties":
		known, _ := rules["properties"].(map[string]any)
		for name := range object {
			if _, ok := known[name]; !ok {
				return fmt.Errorf("%s.%s: not known", path, name)
			}
		}
	case "allOf":
		for _, rule := range arg.([]any) {
			if err := s.check(rule, v, path); err != nil {
				return err
			}
		}
	case "if":
		branch := "then"
		if s.check(arg, v, path) != nil {
			branch = "else"
		}
		if rule, ok := rules[branch]; ok {
			return s.check(rule, v, path)
		}
	default:
		return fmt.Errorf("schema: unknown keyword %q", name)
	}
	return nil
}

var patterns = make(map[string]*regexp.Regexp)

func pattern(text string) *regexp.Regexp {
	if patterns[text] == nil {
		patterns[text] = regexp.MustCompile(text)
	}
	return patterns[text]
}

func integer(v any) int64 {
	n, _ := strconv.ParseInt(string(v.(json.Number)), 10, 64)
	return n
}

func jsonType(v any) any {
	switch v.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case json.Number:
		return "integer"
	}
	return nil
}
