package main

import (
	"errors"
	"math"

	"github.com/spf13/pflag"
)

// checkedValue is the value of a flag that is checked where it is set, on the command line
// and in a file, so that the error says where that is.
type checkedValue struct {
	pflag.Value
	allowed string
	ok      func(text string) bool // called once Value has taken the text
}

// Set takes a value, or says what is allowed.
func (v checkedValue) Set(text string) error {
	if err := v.Value.Set(text); err != nil || !v.ok(text) {
		return &valueError{v.allowed}
	}
	return nil
}

// valueError says that a flag cannot have a value.
type valueError struct{ allowed string }

func (e *valueError) Error() string { return "allowed is " + e.allowed }

// check has a flag take only values that are ok.
func check(flags *pflag.FlagSet, name, allowed string, ok func(text string) bool) {
	f := flags.Lookup(name)
	f.Value = checkedValue{f.Value, allowed, ok}
	if f.DefValue == "[]" { // which help shows for a value that it does not know
		f.DefValue = ""
	}
}

// checkCount has a flag take no number below 0.
func checkCount(flags *pflag.FlagSet, name string, n *int) {
	check(flags, name, "0 and above", func(string) bool { return *n >= 0 })
}

// checkNumber has a flag take what a time in seconds and a rate may be.
func checkNumber(flags *pflag.FlagSet, name string, n *float64) {
	check(flags, name, "0 to 2147483647", func(string) bool { return *n >= 0 && *n <= math.MaxInt32 })
}

// allowedBy returns what is allowed where a flag has refused a value.
func allowedBy(err error, f *pflag.Flag) string {
	if v := (*valueError)(nil); errors.As(err, &v) {
		return v.allowed
	}
	return f.Value.Type() + ": " + f.Usage
}
