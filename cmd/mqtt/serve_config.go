package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// notInConfig are flags that do not stand in a file.
var notInConfig = map[string]bool{"config": true, "hash": true, "help": true}

// longestValue is how long a value may be: as paths may, and longer than any other has to
// be. Who finds out later that a value is wrong quotes it whole.
const longestValue = 4096

// readConfig sets the flags that a file has and that are not set. What is set already is
// checked too, by flags that add makes for that: the line would be found out later, when it
// is what holds.
func readConfig(file string, flags *pflag.FlagSet, add func(*pflag.FlagSet)) error {
	unused := pflag.NewFlagSet("", pflag.ContinueOnError)
	add(unused)
	given := map[string]bool{}
	flags.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	seen := map[string]bool{}
	return eachLine(file, func(number int, line string) error {
		name, value := cutWord(line)
		f := flags.Lookup(name)
		switch {
		case f == nil || notInConfig[name]:
			return &lineError{file, number, "there is " + quoted(name), configNames(flags)}
		case value == "" && f.NoOptDefVal != "":
			value = f.NoOptDefVal
		case value == "":
			return &lineError{file, number, "there is nothing behind " + name, f.Usage}
		case len(value) > longestValue:
			return &lineError{file, number, fmt.Sprintf("the value of %s has %d bytes", name, len(value)), fmt.Sprint("at most ", longestValue)}
		}
		if seen[name] && f.Value.Type() != "stringArray" {
			return &lineError{file, number, name + " is there a second time", "one"}
		}
		seen[name] = true
		if err := unused.Set(name, value); err != nil {
			return &lineError{file, number, quoted(value) + " is no value of " + name, allowedBy(err, f)}
		}
		if given[name] {
			return nil
		}
		return flags.Set(name, value)
	})
}

// configNames returns what a line may begin with.
func configNames(flags *pflag.FlagSet) string {
	var names []string
	flags.VisitAll(func(f *pflag.Flag) {
		if !notInConfig[f.Name] {
			names = append(names, f.Name)
		}
	})
	return strings.Join(names, ", ")
}
