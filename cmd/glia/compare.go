package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/glia-ml/glia/internal/par"
	"github.com/spf13/cobra"
)

// comparison is one call of glia compare mnist: its flags, and where it writes.
type comparison struct {
	setup
	optimizers optimizers
	rates      rates
	seeds      int
	jsonPath   string
	quiet      bool

	stdout, stderr io.Writer
}

// mostSeeds keeps a slip of the finger from asking for years of work.
const mostSeeds = 1000

func newCompare() *cobra.Command {
	k := &comparison{setup: newSetup()}
	k.validation = 0.1
	for _, name := range []string{"sgd", "momentum", "rmsprop", "adam", "adamw", "lion", "muon"} {
		k.optimizers = append(k.optimizers, ruleOf(name))
	}
	c := &cobra.Command{
		Use:   "compare mnist",
		Short: "Compare optimizers on handwritten digits",
		Long: `Train the network of glia train mnist with one optimizer after another, and say
which did best.

Every optimizer trains with every learning rate and every seed. With one seed, all
of them begin with the same weights and see the data in the same order. Of an
optimizer's learning rates that is the best whose networks, on the average, end
with the highest accuracy on the data set aside for validation, or with the
lowest loss where --validation-split is 0; the test data have no part in it. A
training whose loss is no longer a number ends there: it has diverged.

The table has means over the seeds, with the standard deviation where there are
two or more, and the best optimizer on the test data first. --json keeps all
results, which glia-plot draws.

Ctrl-C stops at the end of a batch; what is done until then is reported.`,
		Example: `  glia compare mnist
  glia compare mnist --optimizers sgd,adam --learning-rates 0.001,0.01,0.1
  glia compare mnist --optimizers all --learning-rates sweep --seeds 3 --json optimizers.json
  glia-plot optimizers.json    # draws optimizers.png and optimizers.svg`,
		Args:      wantArgs(datasetOf("mnist")),
		ValidArgs: []string{"mnist"},
		RunE: func(c *cobra.Command, _ []string) error {
			k.stdout, k.stderr = c.OutOrStdout(), c.ErrOrStderr()
			if k.quiet {
				k.stdout = io.Discard
			}
			if err := k.check(c); err != nil {
				return err
			}
			return k.run(c.Context())
		},
	}
	f := c.Flags()
	k.setup.flags(f)
	f.Var(&k.optimizers, "optimizers", `with commas between, or "all": `+oneOf(ruleNames()))
	f.Var(&k.rates, "learning-rates", `learning rates of all optimizers, or "sweep" for some that suit each (default the one that Keras has)`)
	f.IntVar(&k.seeds, "seeds", 1, "how often to train, with seeds counted up from --seed")
	f.StringVar(&k.jsonPath, "json", "", "file to write the results to")
	f.BoolVar(&k.quiet, "quiet", false, "print nothing but errors")
	return c
}

// check finds values that make no sense.
func (k *comparison) check(c *cobra.Command) error {
	if err := k.setup.check(c); err != nil {
		return err
	}
	if k.seeds < 1 || k.seeds > mostSeeds {
		return misused(c, "--seeds: got %d, want 1 to %d", k.seeds, mostSeeds)
	}
	return wantNames(c, "json")
}

// run trains, tests and reports.
func (k *comparison) run(ctx context.Context) error {
	start := time.Now()
	out, err := newOut(k.jsonPath)
	if err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	par.SetThreads(k.threads)
	defer par.SetThreads(0)

	set, err := k.source.load(ctx, k.stderr, k.quiet)
	if err != nil {
		return err
	}
	set = set.scaled()
	trials := k.trials(set)
	rec, err := k.record(set, trials[0])
	if err != nil {
		return err
	}
	fmt.Fprintf(k.stdout, "Data: %s, %d images for training, %d for testing\nNetwork: %s\n\n",
		set.name, set.train.Len(), set.test.Len(), plural(rec.Parameters, "parameter"))

	defer winds()()
	err = k.train(ctx, trials, set)
	done := begun(trials)
	if err != nil && ctx.Err() == nil && len(done) == 0 {
		return err
	}
	if err != nil {
		fmt.Fprintf(k.stdout, "\nStopped: %d of %d trainings are done\n", runsOf(done), len(trials)*k.seeds)
	}
	best := bestOf(done)
	if len(done) > 0 {
		fmt.Fprintln(k.stdout)
		k.print(done, best)
	}
	rec.add(done, best)
	rec.Stopped, rec.SecondsTotal = err != nil, number(time.Since(start).Seconds())
	if e := out.write(rec); e != nil {
		err = errors.Join(err, fmt.Errorf("--json: %w", e))
	}
	return err
}
