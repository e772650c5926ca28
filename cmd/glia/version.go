package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/glia-ml/glia/internal/impl"
	"github.com/spf13/cobra"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version and the vector instructions in use",
		Args:  wantArgs(),
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(c.OutOrStdout(), "glia %s %s %s/%s %s\n",
				version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, impl.ISA())
			return err
		},
	}
}

// version returns the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}
