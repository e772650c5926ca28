package main

import "github.com/spf13/cobra"

// newHelp returns the command that prints the help of others. Cobra's own takes unknown
// names without an error.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(c *cobra.Command, args []string) error {
			of, rest, _ := root.Find(args) // of an unknown command its error is in other words
			switch names := commandNames(of); {
			case len(rest) > 0 && len(names) == 0:
				return misused(c, "got argument %q, want none behind %s", rest[0], of.Name())
			case len(rest) > 0:
				return misused(c, "got command %q, want %s", rest[0], oneOf(names))
			}
			of.InitDefaultHelpFlag()
			return of.Help()
		},
	}
}

// wantShell makes an unknown shell an error of the command completion, which cobra makes.
func wantShell(root *cobra.Command) {
	root.InitDefaultCompletionCmd("completion")
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		c.Args = func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return misused(c, "got shell %q, want %s", args[0], oneOf(commandNames(c)))
			}
			return nil
		}
		c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	}
}
