package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// errPassword is said to who writes a password into the command line, where everybody
// on the machine can read it.
var errPassword = errors.New("a password does not belong in the command line, where others see it: " +
	"use --pw-file FILE or the variable MQTT_PASSWORD; -P alone asks for it")

// noArgs refuses arguments: behind -P one was meant as the password.
func noArgs(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case c.Flags().Changed("password"):
		return errPassword
	}
	return fmt.Errorf("there is %q behind the flags, which belongs to none; see %s --help", args[0], c.CommandPath())
}

// credentials returns what asks for user name and password, or nil if there are none.
// A file is read at each attempt to connect, as it may have changed.
func (f *connectionFlags) credentials(e environment) (func(context.Context) (string, []byte, error), error) {
	user, password := f.user, []byte(e.getenv("MQTT_PASSWORD"))
	if user == "" {
		user = e.getenv("MQTT_USERNAME")
	}
	if f.askPassword && f.passwordFile == "" {
		if !e.terminal(e.in) {
			return nil, errors.New("-P asks for the password, and the standard input is no terminal")
		}
		fmt.Fprint(e.errs, "Password: ")
		typed, err := e.ask()
		fmt.Fprintln(e.errs)
		if err != nil {
			return nil, err
		}
		password = typed
	}
	if f.passwordFile == "" {
		if user == "" && len(password) == 0 {
			return nil, nil
		}
		if len(password) == 0 {
			password = nil
		}
		return func(context.Context) (string, []byte, error) { return user, password, nil }, nil
	}
	if _, err := os.Stat(f.passwordFile); err != nil {
		return nil, err
	}
	return func(context.Context) (string, []byte, error) {
		b, err := os.ReadFile(f.passwordFile)
		return user, []byte(strings.TrimRight(string(bytes.Clone(b)), "\r\n")), err
	}, nil
}

// newPassword asks for a password, or reads the first line of an input that is no terminal.
func (e environment) newPassword() ([]byte, error) {
	if !e.terminal(e.in) {
		line, err := bufio.NewReader(io.LimitReader(e.in, maximumPassword+2)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, &statusError{statusFile, err}
		}
		return checkPassword([]byte(strings.TrimRight(line, "\r\n")))
	}
	fmt.Fprint(e.errs, "Password: ")
	typed, err := e.ask()
	fmt.Fprintln(e.errs)
	if err != nil {
		return nil, err
	}
	return checkPassword(typed)
}

// maximumPassword is how many bytes bcrypt looks at.
const maximumPassword = 72

func checkPassword(p []byte) ([]byte, error) {
	if len(p) == 0 || len(p) > maximumPassword {
		return nil, fmt.Errorf("a password has 1 to %d bytes", maximumPassword)
	}
	return p, nil
}

// askTerminal reads a password from a terminal, which shows it again at the end: also where
// ctx ends while nothing is typed, such as by a signal. What waits for that is left behind
// then, until the process ends.
func askTerminal(ctx context.Context, terminal int) ([]byte, error) {
	before, err := term.GetState(terminal)
	if err != nil {
		return nil, err
	}
	var typed []byte
	read := make(chan error, 1)
	go func() {
		var err error
		typed, err = term.ReadPassword(terminal)
		read <- err
	}()
	select {
	case err := <-read:
		return typed, err
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), term.Restore(terminal, before))
	}
}
