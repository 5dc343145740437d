package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// environment is what a command has of the process.
type environment struct {
	in       io.Reader
	out      io.Writer
	errs     io.Writer
	getenv   func(name string) string
	terminal func(file any) bool     // whether in or errs is one
	ask      func() ([]byte, error)  // reads a password from the terminal
	hangups  func() <-chan os.Signal // begins to take SIGHUP, which else ends the process
}

// say writes a line for the user.
func (e environment) say(format string, a ...any) {
	fmt.Fprintf(e.errs, "mqtt: "+format+"\n", a...)
}

// run runs a command, and returns its exit status.
func run(ctx context.Context, args []string, e environment) int {
	root := newRoot(e)
	root.SetArgs(joinProperties(args))
	root.SetIn(e.in)
	root.SetOut(e.out)
	root.SetErr(e.errs)
	err := root.ExecuteContext(ctx)
	var s *statusError
	switch {
	case err == nil:
		return statusDone
	case !errors.As(err, &s):
		e.say("%v", err)
		return statusUsage
	case s.err != nil:
		e.say("%s", strings.TrimPrefix(s.err.Error(), "client: "))
	}
	return s.status
}

// newRoot returns the command of all commands.
func newRoot(e environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "mqtt",
		Short: "publish and subscribe over MQTT, be a broker, and load one",
		Long: "mqtt publishes messages to a broker, subscribes to them, is a broker, and loads one, in MQTT 3.1, 3.1.1 and 5.0.\n" +
			"The flags of pub and sub are those of mosquitto_pub and mosquitto_sub, wherever these have one.\n\n" + statusHelp + "\nand of sub:" + subStatusHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	// -h is the host, as everywhere in this family.
	root.PersistentFlags().Bool("help", false, "show this help")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if strings.Contains(err.Error(), "'h' in -h") {
			return fmt.Errorf("%w; it is the host, and %s --help shows the help", err, c.CommandPath())
		}
		return fmt.Errorf("%w; see %s --help", err, c.CommandPath())
	})
	root.AddCommand(newPub(e), newSub(e), newServe(e), newBench(e), newMan())
	return root
}

// newMan returns the command that writes manual pages, for packagers.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:    "man FOLDER",
		Short:  "write manual pages into a folder",
		Args:   cobra.ExactArgs(1),
		Hidden: true,
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return &statusError{statusFile, err}
			}
			c.Root().DisableAutoGenTag = true // the same pages whenever they are made
			asPages(c.Root())
			if err := doc.GenManTree(c.Root(), &doc.GenManHeader{Section: "1", Source: "mqttwire", Manual: "MQTT"}, args[0]); err != nil {
				return &statusError{statusFile, err}
			}
			return nil
		},
	}
}

// asPages has the texts of commands say which of their lines are not to be filled.
func asPages(c *cobra.Command) {
	var b strings.Builder
	table := false
	for line := range strings.Lines(c.Long) {
		indented := strings.HasPrefix(line, "  ")
		if indented != table {
			b.WriteByte('\n')
		}
		if table = indented; table {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	c.Long = b.String()
	for _, sub := range c.Commands() {
		asPages(sub)
	}
}
