package main

import (
	"errors"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/topic"
)

// access is what a rule is about.
type access uint8

const (
	mayRead  access = 1 << iota // get messages, and subscribe
	mayWrite                    // publish
)

// rule is a line of an ACL.
type rule struct {
	deny    bool
	access  access
	filter  string
	pattern bool // with %c and %u
}

// acl says who may do what. What no rule allows is refused, and what one denies too.
type acl struct {
	everyone  []rule
	anonymous []rule
	users     map[string][]rule
}

const (
	aclAllowed = "user NAME, or topic or pattern and one of read, write, readwrite, deny (or none, which is readwrite) and a topic filter; " +
		"a filter with spaces or tabs has one of these words before it; a pattern has %c for the client id and %u for the user name"
	aclHelp = `The file of --acl has the lines of mosquitto's acl_file. "topic read a/#" is for the user whose line "user NAME" is
before it, or for who has no name if there is none; "pattern write %u/%c/#" is for everyone. What no line
allows is refused, and so is what a line denies. Words are separated by spaces or tabs; a filter that has
some needs the access before it, and so does one that is called like an access. Who publishes in 5.0 is told
what is refused; before 5.0 no code says so, and it is acknowledged like all else. A client whose client id
(or user name) has one of + # / $ may read nothing while a pattern about reading has %c (or %u), and write
nothing while one about writing has it.`
)

// readACL reads a file; all of it or nothing.
func readACL(file string) (*acl, error) {
	a := &acl{users: map[string][]rule{}}
	user := ""
	err := eachLine(file, func(number int, line string) error {
		wrong := func(found string) error { return &lineError{file, number, found, aclAllowed} }
		word, rest := cutWord(line)
		switch {
		case word != "user" && word != "topic" && word != "pattern":
			return wrong("there is " + quoted(word))
		case rest == "":
			return wrong("there is nothing behind " + word)
		case word == "user":
			user = rest
			return nil
		}
		r, err := parseRule(rest, word == "pattern")
		if err != nil {
			return wrong(err.Error())
		}
		a.add(user, r)
		return nil
	})
	return a, err
}

func (a *acl) add(user string, r rule) {
	switch {
	case r.pattern:
		a.everyone = append(a.everyone, r)
	case user == "":
		a.anonymous = append(a.anonymous, r)
	default:
		a.users[user] = append(a.users[user], r)
	}
}

// parseRule parses what stands behind topic and pattern.
func parseRule(text string, pattern bool) (rule, error) {
	r := rule{access: mayRead | mayWrite, filter: text, pattern: pattern}
	word, rest := cutWord(text)
	known := r.accessOf(word)
	switch {
	case known && rest == "":
		return r, errors.New("there is no topic filter behind " + word)
	case known:
		r.filter = rest
	case rest != "": // a mistyped access, which would be a filter that matches nothing
		return r, errors.New("there is " + quoted(word) + " where the access stands")
	}
	err := mqttwire.CheckTopicFilter([]byte(r.filter), mqttwire.V5)
	if err == nil && strings.HasPrefix(r.filter, "$share/") {
		err = errors.New(quoted(r.filter) + " is shared, and stands for what is within")
	}
	return r, err
}

// accessOf sets what a word says about access, and reports whether it says something.
func (r *rule) accessOf(word string) bool {
	switch word {
	case "read":
		r.access = mayRead
	case "write":
		r.access = mayWrite
	case "readwrite":
	case "deny":
		r.deny = true
	default:
		return false
	}
	return true
}

// notInNames are what a client id and a user name must not have where they stand in a
// pattern: they would reach into the topics of others.
const notInNames = "+#/$"

// of returns the filter of a rule for a client. ok is false if a pattern asks for a name
// that there is not; legal is false if the name would reach further than it.
func (r *rule) of(c *broker.Peer) (filter string, ok, legal bool) {
	if !r.pattern {
		return r.filter, true, true
	}
	filter = r.filter
	for _, n := range [...][2]string{{"%c", c.ClientID}, {"%u", c.Name}} {
		if !strings.Contains(r.filter, n[0]) {
			continue
		}
		if n[1] == "" {
			return "", false, true
		}
		if strings.ContainsAny(n[1], notInNames) {
			return "", false, false
		}
	}
	return strings.NewReplacer("%c", c.ClientID, "%u", c.Name).Replace(filter), true, true
}

// allows reports whether a rule allows a client something: a topic name, or a filter
// with all that it matches.
func (a *acl) allows(c *broker.Peer, what access, name []byte) bool {
	own := a.users[c.Name]
	if c.Name == "" {
		own = a.anonymous
	}
	allowed := false
	for _, rules := range [...][]rule{a.everyone, own} {
		for i := range rules {
			r := &rules[i]
			if r.access&what == 0 {
				continue
			}
			filter, ok, legal := r.of(c)
			if !legal {
				return false
			}
			if !ok || !topic.Subset(name, []byte(filter)) {
				continue
			}
			if r.deny {
				return false
			}
			allowed = true
		}
	}
	return allowed
}
