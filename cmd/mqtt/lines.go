package main

import (
	"fmt"
	"os"
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
