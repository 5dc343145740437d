package main

import (
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

// where is an expression that says which packets are looked at. A nil one lets all
// pass.
type where struct {
	program *vm.Program
	vm      vm.VM
	names   whereNames
	event   *capture.Event

	text, hex, json bool // the expression may ask for these

	failed int   // how often nobody could tell
	fault  error // why, for the first time
}

// newWhere compiles an expression; it is nil for an empty one. The error shows where
// in the expression it is.
func newWhere(s string) (*where, error) {
	if s == "" {
		return nil, nil
	}
	w := &where{text: strings.Contains(s, "text"), hex: strings.Contains(s, "hex"), json: strings.Contains(s, "json")}
	w.names.TopicMatch, w.names.Prop, w.names.User = w.topicMatch, w.prop, w.user
	var err error
	var filters filterCheck
	w.program, err = expr.Compile(s, expr.Env(&w.names), expr.AsBool(), expr.Patch(&filters))
	switch {
	case err != nil:
		return nil, err
	case filters.fault != nil:
		return nil, filters.fault.Bind(file.NewSource(s))
	}
	return w, nil
}

// filterCheck looks for what is no topic filter, where an expression has one as it is.
type filterCheck struct{ fault *file.Error }

// Visit looks at a part of an expression.
func (c *filterCheck) Visit(node *ast.Node) {
	call, ok := (*node).(*ast.CallNode)
	if !ok || len(call.Arguments) != 1 || call.Callee.String() != "topicMatch" {
		return
	}
	text, ok := call.Arguments[0].(*ast.StringNode)
	if !ok || c.fault != nil {
		return
	}
	if err := mqttwire.CheckTopicFilter([]byte(text.Value), mqttwire.V5); err != nil {
		c.fault = &file.Error{Location: text.Location(), Message: message(err)}
	}
}

// match reports whether the expression is true. Where that cannot be told, as if what
// is not there is compared, it is not.
func (w *where) match(e *capture.Event) bool {
	if w == nil {
		return true
	}
	w.event = e
	w.names.set(e)
	w.packet(packetOf(e))
	result, err := w.vm.Run(w.program, &w.names)
	if err != nil {
		if w.failed++; w.fault == nil {
			w.fault = err
		}
		return false
	}
	yes, _ := result.(bool)
	return yes
}

// topicMatch is what the expression knows by that name: whether a topic filter matches
// the topic name, of a PUBLISH; or overlaps with a filter.
func (w *where) topicMatch(filter string) bool {
	p := packetOf(w.event)
	return p != nil && concernsTopic([]byte(filter), w.event, p)
}

// prop returns the value of the first property of a name, or nil.
func (w *where) prop(name string) any {
	for _, p := range w.names.Props {
		if p.Name == name {
			return p.Value
		}
	}
	return nil
}

// user returns the value of the first User Property with a name, or nil.
func (w *where) user(key string) any {
	for _, p := range w.names.Props {
		if p.ID == int(mqttwire.UserProperty) && p.Key == key {
			return p.Value
		}
	}
	return nil
}
