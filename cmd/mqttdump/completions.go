package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// shells are those for which there are completions.
var shells = []string{"bash", "fish", "powershell", "zsh"}

// newCompletions is the command that prints completions for a shell.
func newCompletions(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completions SHELL",
		Short: "print completions for bash, fish, powershell or zsh",
		Long: `Print completions for a shell. To have them now, and in each new shell:

    source <(mqttdump completions bash)                                       # in ~/.bashrc
    mqttdump completions zsh > "${fpath[1]}/_mqttdump"
    mqttdump completions fish > ~/.config/fish/completions/mqttdump.fish`,
		ValidArgs: shells,
		Args:      cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			root := c.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.stdout, true)
			case "fish":
				return root.GenFishCompletion(a.stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.stdout)
			case "zsh":
				return root.GenZshCompletion(a.stdout)
			}
			return fmt.Errorf("there are no completions for %s, but for %s", args[0], strings.Join(shells, ", "))
		},
	}
}

// newMan is the command that writes the man pages, for who makes a package of it.
func newMan(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    "man-pages FOLDER",
		Short:  "write a man page for each command into a new folder",
		Args:   cobra.ExactArgs(1),
		Hidden: true,
		RunE: func(c *cobra.Command, args []string) error {
			err := os.Mkdir(args[0], 0o777)
			if errors.Is(err, os.ErrExist) && a.show.force {
				err = nil
			}
			if err != nil {
				return err
			}
			header := &doc.GenManHeader{Section: "1", Source: "mqttwire", Manual: "mqttdump"}
			return doc.GenManTree(c.Root(), header, args[0])
		},
	}
}
