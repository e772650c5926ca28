package main

import "github.com/spf13/cobra"

// newHelp returns the command that prints the help of others. Cobra's own takes unknown
// names without an error.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(c *cobra.Command, args []string) error {
			of, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return misused(c, "glia help: got command %q, want %s", args[len(args)-max(1, len(rest))], oneOf(commandNames(root)))
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
				return misused(c, "glia completion: got shell %q, want %s", args[0], oneOf(commandNames(c)))
			}
			return nil
		}
		c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	}
}
