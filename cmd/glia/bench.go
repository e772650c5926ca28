package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/glia-ml/glia/internal/bench"
)

func newBench() *cobra.Command {
	var from source
	var jsonPath string
	var quiet, networks bool
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast glia is on this machine",
		Long: `Measure matrix products and the training of the network of glia train mnist, what
part they are of the machine's peak, what metrics add to a step, and what it takes in
mixed precision. It takes about a minute; nothing else should run meanwhile.

With --networks it measures steps of known convolutional networks instead, on random
images.`,
		Args: wantArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := wantNames(c, "data", "json"); err != nil {
				return err
			}
			out, err := newOut(jsonPath)
			if err != nil {
				return fmt.Errorf("--json: %w", err)
			}
			log := c.OutOrStdout()
			if quiet {
				log = io.Discard
			}
			if networks {
				r, err := bench.RunNetworks(c.Context(), log)
				if err != nil {
					return err
				}
				if err := out.write(r); err != nil {
					return fmt.Errorf("--json: %w", err)
				}
				return nil
			}
			set, err := from.load(c.Context(), c.ErrOrStderr(), quiet)
			if err != nil {
				return err
			}
			set = set.scaled()
			r, err := bench.Run(c.Context(), set.train, set.name, log)
			if err != nil {
				return err
			}
			if err := out.write(r); err != nil {
				return fmt.Errorf("--json: %w", err)
			}
			return nil
		},
	}
	f := c.Flags()
	from.flags(f)
	f.StringVar(&jsonPath, "json", "", "file to write the results to")
	f.BoolVar(&networks, "networks", false, "measure convolutional networks")
	f.BoolVar(&quiet, "quiet", false, "print nothing but errors")
	return c
}
