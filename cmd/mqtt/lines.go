package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// lineError says which line of a file is wrong, and what is allowed there.
type lineError struct {
	file    string
	line    int
	found   string // never a secret
	allowed string
}

func (e *lineError) Error() string {
	return fmt.Sprintf("%s:%d: %s; allowed is %s", e.file, e.line, e.found, e.allowed)
}

// quotedAtMost is how many characters of a line stand in an error: a file that is none of
// ours may be one line of megabytes.
const quotedAtMost = 60

// quoted quotes a part of a line, or its beginning: up to the hash of a password, as the
// file may be one of users by mistake.
func quoted(part string) string {
	if name, _, hash := strings.Cut(part, ":$"); hash {
		return strconv.Quote(fmt.Sprintf("%.*s", quotedAtMost, name)) + "..."
	}
	if short := fmt.Sprintf("%.*s", quotedAtMost, part); short != part {
		return strconv.Quote(short) + "..."
	}
	return strconv.Quote(part)
}

// cutWord returns the first word of a line, and what stands behind the spaces and tabs
// that follow it.
func cutWord(line string) (word, rest string) {
	end := strings.IndexAny(line, " \t")
	if end < 0 {
		return line, ""
	}
	return line[:end], strings.TrimLeft(line[end:], " \t")
}

// eachLine calls f for the lines of a file, without those that are empty or begin with #.
// The first error of f ends it.
func eachLine(file string, f func(number int, line string) error) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return &statusError{statusFile, err}
	}
	number := 0
	for line := range strings.Lines(string(b)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := f(number, line); err != nil {
			return err
		}
	}
	return nil
}
