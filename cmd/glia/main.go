// Glia trains networks, on the digits that textbooks begin with or on your own pictures,
// compares optimizers, evaluates models, predicts with them, looks into their files, converts
// these, and measures how fast glia is on this machine.
//
//	glia train mnist --save mnist.keras
//	glia train pets --save pets.keras
//	glia compare mnist --learning-rates sweep --json optimizers.json
//	glia evaluate mnist.keras mnist
//	glia evaluate pets.keras more-pets
//	glia predict mnist.keras digit.png
//	glia predict pets.keras cat.jpg
//	glia show photos
//	glia summary mnist.keras
//	glia inspect mnist.keras
//	glia convert mnist.keras mnist.safetensors
//	glia bench
//	glia version
//
// It exits with status 2 if it is called wrongly, with 1 if anything else fails, and with
// 128 and the signal's number if a signal stops it: 130 for SIGINT (Ctrl-C), 143 for SIGTERM,
// 129 for SIGHUP. A training stops at the end of the batch, then, and tells what is done and
// saved; a second signal ends it at once.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/glia-ml/glia/internal/plaintext"
)

func main() { os.Exit(process(os.Args[1:])) }

// process executes the command line as the process does, and returns the exit status.
func process(args []string) int {
	stdout := &output{File: os.Stdout}
	status := run(heed(os.Stderr), args, stdout, os.Stderr)
	if stdout.err != nil && !stdout.closed() && status == 0 {
		fmt.Fprintf(os.Stderr, "glia: standard output: %v\n", stdout.err)
		status = 1
	}
	return ended(status)
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

// closed reports whether nobody reads the output any longer, as that of
// "glia inspect FILE | head".
func (o *output) closed() bool {
	return slices.ContainsFunc(pipeErrors, func(e syscall.Errno) bool { return errors.Is(o.err, e) })
}

// run executes the command line and returns the exit status. Text of both streams is made
// plain, whatever a file has for a name: only what redraws a line of its own goes around, see
// live.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	stdout, stderr := plaintext.NewWriter(out), plaintext.NewWriter(errs)
	defer stdout.Flush() // main tells of its errors
	defer stderr.Flush()
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if o, ok := out.(*output); ok && o.closed() {
		return 1
	}
	fmt.Fprintf(stderr, "glia: %s\n", message(err))
	if u := (usageError{}); errors.As(err, &u) {
		fmt.Fprintf(stderr, "see %s --help\n", u.command)
		return 2
	}
	return 1
}

// live returns the stream behind w for text that moves the cursor, in which nothing is of
// unknown origin.
func live(w io.Writer) io.Writer {
	if p, ok := w.(*plaintext.Writer); ok {
		return p.Unwrap()
	}
	return w
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
				return misused(c, "got command %q, want %s", args[0], oneOf(commandNames(c)))
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetHelpCommand(newHelp(root))
	wantShell(root)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usageError{err, c.CommandPath()} })
	root.AddCommand(newTrain(), newCompare(), newEvaluate(), newPredict(), newShow(), newSummary(), newInspect(), newConvert(), newBench(), newVersion())
	return root
}

// commandNames lists the commands of glia's own.
func commandNames(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		if c.Name() != "help" && c.Name() != "completion" {
			names = append(names, c.Name())
		}
	}
	return names
}

// oneOf joins words: "a, b or c".
func oneOf(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// argument is one that a command takes.
type argument struct {
	name string   // in messages: "MODEL"
	of   []string // its values; nil for any but the empty one
	like string   // these in words; "" for the name, or all of them
}

// datasetOf returns the argument that names a data set.
func datasetOf(names ...string) argument { return argument{name: "data set", of: names} }

// datasetLike returns the argument that names a data set, or a folder.
func datasetLike(names ...string) argument {
	return argument{name: "data set", like: oneOf(append(names, "FOLDER"))}
}

// wanted describes the argument that is wanted.
func (a argument) wanted() string {
	switch {
	case a.like != "":
		return a.like
	case a.of == nil:
		return a.name
	}
	return oneOf(a.of)
}

// wantArgs accepts these arguments and no others.
func wantArgs(want ...argument) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > len(want) {
			return misused(c, "got argument %q, want %s", args[len(want)], noMoreThan(want))
		}
		return checkArgs(c, args, want)
	}
}

// wantMoreArgs accepts these arguments and any number like the last.
func wantMoreArgs(want ...argument) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		all := slices.Clone(want)
		for len(all) < len(args) {
			all = append(all, want[len(want)-1])
		}
		return checkArgs(c, args, all)
	}
}

func checkArgs(c *cobra.Command, args []string, want []argument) error {
	for i, w := range want {
		switch {
		case i >= len(args):
			return misused(c, "got no %s, want %s", w.name, w.wanted())
		case w.of == nil && args[i] == "":
			return misused(c, "got an empty name, want %s", w.name)
		case w.of != nil && !slices.Contains(w.of, args[i]):
			return misused(c, "got %s %q, want %s", w.name, args[i], w.wanted())
		}
	}
	return nil
}

func noMoreThan(want []argument) string {
	if len(want) == 0 {
		return "none"
	}
	var s []string
	for _, a := range want {
		s = append(s, a.wanted())
	}
	return "no more than " + strings.Join(s, " ")
}
