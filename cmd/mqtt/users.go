package main

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// users are the bcrypt hashes of passwords.
type users struct {
	hashes  map[string]string // by user name
	dearest string            // of the hashes, which takes longest to compare
}

// add adds a user.
func (u *users) add(name, hash string) {
	if u.hashes == nil {
		u.hashes = map[string]string{}
	}
	u.hashes[name] = hash
	if costOf(hash) > costOf(u.dearest) {
		u.dearest = hash
	}
}

// costOf returns the two digits that each hash has for its cost behind its version.
func costOf(hash string) string {
	if hash == "" {
		return ""
	}
	return hash[len("$2a$"):len("$2a$10")]
}

// maximumCost bounds what one attempt to connect costs the server: each step doubles it.
const maximumCost = 16

var usersAllowed = fmt.Sprintf("NAME:HASH with a name of its own and a bcrypt hash of cost %d to %d, as `mqtt serve --hash NAME` and `htpasswd -B` write it",
	bcrypt.MinCost, maximumCost)

// bcryptHash is the form of a hash: package bcrypt looks at the version and the cost alone,
// before it compares.
var bcryptHash = regexp.MustCompile(`^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$`)

// readUsers reads a file of users; all of it or nothing.
func readUsers(file string) (*users, error) {
	all := &users{}
	return all, eachLine(file, func(number int, line string) error {
		wrong := func(found string) error { return &lineError{file, number, found, usersAllowed} }
		name, hash, ok := strings.Cut(line, ":")
		switch cost, err := bcrypt.Cost([]byte(hash)); {
		case !ok || name == "":
			return wrong("there is no user name before a colon")
		case err != nil, !bcryptHash.MatchString(hash):
			return wrong("what follows the user name is no bcrypt hash")
		case cost > maximumCost:
			return wrong(fmt.Sprintf("the hash has a cost of %d", cost))
		}
		if _, twice := all.hashes[name]; twice {
			return wrong("the user " + quoted(name) + " is there a second time")
		}
		all.add(name, hash)
		return nil
	})
}

// has reports whether a user has a password. A name that there is not takes as long as the
// user whose hash is the dearest, which is as long as any if all are of one cost.
func (u *users) has(name string, password []byte) bool {
	hash, ok := u.hashes[name]
	if !ok {
		hash = u.dearest
	}
	return bcrypt.CompareHashAndPassword([]byte(hash), password) == nil && ok
}

// hashLine returns a line for a file of users.
func hashLine(name string, password []byte) (string, error) {
	if name == "" || strings.ContainsAny(name, ":\n\r") || strings.TrimSpace(name) != name || name[0] == '#' {
		return "", fmt.Errorf("%q is no user name for a file: it has no colon and no end of line, no space around it, and does not begin with #", name)
	}
	hash, err := bcrypt.GenerateFromPassword(password, bcrypt.DefaultCost)
	return name + ":" + string(hash), err
}
