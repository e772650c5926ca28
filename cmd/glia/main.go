// Glia trains the network that textbooks begin with and measures how fast glia
// is on this machine.
//
//	glia train mnist
//	glia bench
//	glia version
//
// It exits with status 2 if it is called wrongly, with 1 if anything else fails.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals...)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process
	stdout := &output{File: os.Stdout}
	status := run(ctx, os.Args[1:], stdout, os.Stderr)
	if stdout.err != nil && status == 0 {
		fmt.Fprintf(os.Stderr, "glia: standard output: %v\n", stdout.err)
		status = 1
	}
	os.Exit(status)
}

// output is standard output; err is the first error of writing to it.
type output struct {
	*os.File
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.File.Write(p)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// run executes the command line and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "glia: %s\n", strings.TrimPrefix(err.Error(), "glia: "))
	if u := (usageError{}); errors.As(err, &u) {
		fmt.Fprintf(stderr, "see %s --help\n", u.command)
		return 2
	}
	return 1
}

// usageError is a mistake in the command line.
type usageError struct {
	error
	command string
}

// misused returns a usageError of a command.
func misused(c *cobra.Command, format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...), c.CommandPath()}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "glia",
		Short:         "Deep learning for Go",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return misused(c, "got command %q, want train, bench or version", args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usageError{err, c.CommandPath()} })
	root.AddCommand(newTrain(), newBench(), newVersion())
	return root
}

// wantArgs accepts these arguments and no others.
func wantArgs(want ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > len(want) {
			return misused(c, "%s: got argument %q, want %s", c.CommandPath(), args[len(want)], orNone(want))
		}
		for i, w := range want {
			if i >= len(args) {
				return misused(c, "%s: got no data set, want %s", c.CommandPath(), w)
			}
			if args[i] != w {
				return misused(c, "%s: got data set %q, want %s", c.CommandPath(), args[i], w)
			}
		}
		return nil
	}
}

func orNone(want []string) string {
	if len(want) == 0 {
		return "none"
	}
	return "no more than " + strings.Join(want, " ")
}
