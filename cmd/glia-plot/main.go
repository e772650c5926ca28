// Glia-plot draws the results that glia train and glia compare write with --json: as
// PNG and SVG.
//
//	glia compare mnist --seeds 3 --json optimizers.json
//	glia-plot optimizers.json
//
// It is a program of its own, so that glia builds without the libraries that draw. It
// exits with status 2 if it is called wrongly, with 1 if anything else fails.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/glia-ml/glia/internal/curves"
	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/plot"
)

const usage = `Draw the results that glia train or glia compare wrote with --json.

For glia compare: the loss and the accuracy of each optimizer at its best learning
rate, with a band from the least to the greatest of the seeds. For glia train: the
loss and each metric, beside those in validation.

Usage:
  glia-plot [--out FILE] RESULTS

Flags:
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// errUsage is a mistake in the command line.
var errUsage = errors.New("usage")

// run executes the command line and returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	err := draw(args, stdout)
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "glia-plot: %s\n", plaintext.Lines(strings.TrimPrefix(err.Error(), errUsage.Error()+": ")))
	if errors.Is(err, errUsage) {
		fmt.Fprintln(stderr, "see glia-plot --help")
		return 2
	}
	return 1
}

// draw reads results, draws them and prints the names of the files.
func draw(args []string, stdout io.Writer) error {
	f := flag.NewFlagSet("glia-plot", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	out := f.String("out", "", "`FILE` to draw to: .png, .svg, or both for a name without an ending (default that of the results)")
	paths, err := parse(f, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		f.SetOutput(stdout)
		f.PrintDefaults()
		return nil
	case err != nil:
		return fmt.Errorf("%w: %w", errUsage, err)
	case len(paths) != 1 || paths[0] == "":
		return fmt.Errorf("%w: got %d files of results %q, want 1", errUsage, len(paths), paths)
	}
	to := *out
	if to == "" {
		to = strings.TrimSuffix(paths[0], filepath.Ext(paths[0]))
	}
	files, err := plot.Files(to)
	if err != nil {
		return fmt.Errorf("%w: %s", errUsage, strings.TrimPrefix(err.Error(), "plot: "))
	}
	p, err := read(paths[0])
	if err != nil {
		return err
	}
	if err := p.Save(to); err != nil {
		return err
	}
	fmt.Fprintln(stdout, strings.Join(files, " "))
	return nil
}

// parse returns the arguments that are no flags, which may stand before flags.
func parse(f *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := f.Parse(args); err != nil {
			return nil, err
		}
		if f.NArg() == 0 {
			return rest, nil
		}
		rest, args = append(rest, f.Arg(0)), f.Args()[1:]
	}
}

// read returns the picture of the results in a file.
func read(path string) (*plot.Picture, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	p, err := curves.Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}
