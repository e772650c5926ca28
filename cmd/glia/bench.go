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
	var quiet bool
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast glia is on this machine",
		Long: `Measure matrix products and the training of the network of glia train mnist, what
part they are of the machine's peak, what metrics add to a step, and what it takes in
mixed precision. It takes about a minute; nothing else should run meanwhile.`,
		Args: wantArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := wantNames(c, "data", "json"); err != nil {
				return err
			}
			out, err := newOut(jsonPath)
			if err != nil {
				return fmt.Errorf("--json: %w", err)
			}
			set, err := from.load(c.Context(), c.ErrOrStderr(), quiet)
			if err != nil {
				return err
			}
			set = set.scaled()
			log := c.OutOrStdout()
			if quiet {
				log = io.Discard
			}
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
	f.BoolVar(&quiet, "quiet", false, "print nothing but errors")
	return c
}
