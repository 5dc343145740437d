package main

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// users are the bcrypt hashes of passwords, by user name.
type users map[string][]byte

// maximumCost bounds what one attempt to connect costs the server: each step doubles it.
const maximumCost = 16

var usersAllowed = fmt.Sprintf("NAME:HASH with a name of its own and a bcrypt hash of cost %d to %d, as `mqtt serve --hash NAME` and `htpasswd -B` write it",
	bcrypt.MinCost, maximumCost)

// readUsers reads a file of users; all of it or nothing.
func readUsers(file string) (users, error) {
	all := users{}
	return all, eachLine(file, func(number int, line string) error {
		wrong := func(found string) error { return &lineError{file, number, found, usersAllowed} }
		name, hash, ok := strings.Cut(line, ":")
		switch cost, err := bcrypt.Cost([]byte(hash)); {
		case !ok || name == "":
			return wrong("there is no user name before a colon")
		case err != nil, len(hash) != hashLength:
			return wrong("what follows the user name is no bcrypt hash")
		case cost > maximumCost:
			return wrong(fmt.Sprintf("the hash has a cost of %d", cost))
		}
		if _, twice := all[name]; twice {
			return wrong("the user " + quoted(name) + " is there a second time")
		}
		all[name] = []byte(hash)
		return nil
	})
}

// hashLength is how long each bcrypt hash is.
const hashLength = 60

// compared bounds how many passwords are compared at once, so that a storm of attempts
// to connect leaves the others a processor.
var compared = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1))

// has reports whether a user has a password. A name that there is not takes as long as
// one that there is.
func (u users) has(name string, password []byte) bool {
	compared <- struct{}{}
	defer func() { <-compared }()
	hash, ok := u[name]
	if !ok {
		for _, other := range u { // any
			hash = other
			break
		}
	}
	return bcrypt.CompareHashAndPassword(hash, password) == nil && ok
}

// changed returns the names of users that are gone or have another password.
func (u users) changed(next users) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(u)), func(name string) bool {
		return string(u[name]) == string(next[name])
	})
}

// hashLine returns a line for a file of users.
func hashLine(name string, password []byte) (string, error) {
	if name == "" || strings.ContainsAny(name, ":\n\r") || strings.TrimSpace(name) != name || name[0] == '#' {
		return "", fmt.Errorf("%q is no user name for a file: it has no colon and no end of line, no space around it, and does not begin with #", name)
	}
	hash, err := bcrypt.GenerateFromPassword(password, bcrypt.DefaultCost)
	return name + ":" + string(hash), err
}
