// Package impl keeps the list of implementations that a package of kernels has
// beside its portable loops, so that tests can run each of them in one binary
// and a user can switch one off.
//
// A package declares one flag per implementation, true when the machine has it,
// registers the flags from best to worst, and dispatches on them:
//
//	var useAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasFMA
//
//	func init() { impl.Register("kern", "avx2", &useAVX2) }
//
// The environment variable GLIA_ISA names the best implementation that may be used: of
// amd64 avx512bf16, avx512vnni, avx512, avxvnni or avx2, of arm64 neonmm, neondot or neon,
// or portable.
package impl

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
)

// Portable is the name of the implementation that every package has.
const Portable = "portable"

type entry struct {
	pkg, name string
	flag      *bool
	available bool
}

var entries []entry

// limit is the implementation that GLIA_ISA asks for; empty means the best available.
var limit = limitFrom(os.Stderr, runtime.GOARCH, os.Getenv("GLIA_ISA"))

// names lists the implementations of the packages for each architecture, best first.
var names = map[string][]string{
	"amd64": {"avx512bf16", "avx512vnni", "avx512", "avxvnni", "avx2"},
	"arm64": {"neonmm", "neondot", "neon"},
}

// limitFrom returns the limit that a value of GLIA_ISA means, and tells on w if it is none
// of arch.
func limitFrom(w io.Writer, arch, value string) string {
	all := append(slices.Clone(names[arch]), Portable)
	value = strings.ToLower(value)
	if value != "" && !slices.Contains(all, value) {
		fmt.Fprintf(w, "glia: GLIA_ISA=%s: want one of %v on %s; it has no effect\n", value, all, arch)
		return ""
	}
	return value
}

// Register adds the implementation name of pkg, in use where *flag is true.
// It is called from init functions, best implementation first.
func Register(pkg, name string, flag *bool) {
	if limit != "" && !reached(pkg, name) {
		*flag = false
	}
	entries = append(entries, entry{pkg, name, flag, *flag})
}

// reached reports whether the limit is name or an implementation registered before it.
func reached(pkg, name string) bool {
	if name == limit {
		return true
	}
	for _, e := range entries {
		if e.pkg == pkg && e.name == limit {
			return true
		}
	}
	return false
}

// ISA returns the name of the best implementation in use, or Portable.
func ISA() string {
	for _, e := range entries {
		if *e.flag {
			return e.name
		}
	}
	return Portable
}

// Names lists the implementations of pkg that this machine can run, best first,
// Portable last.
func Names(pkg string) []string {
	var names []string
	for _, e := range entries {
		if e.pkg == pkg && e.available {
			names = append(names, e.name)
		}
	}
	return append(names, Portable)
}

// Select makes name the best implementation that pkg uses, until restore is
// called. It is for tests and benchmarks: nothing may run kernels meanwhile.
func Select(pkg, name string) (restore func()) {
	var undo []func()
	on := false
	for _, e := range entries {
		if e.pkg != pkg {
			continue
		}
		on = on || e.name == name
		was := *e.flag
		undo = append(undo, func() { *e.flag = was })
		*e.flag = on && e.available
	}
	return func() {
		for _, u := range undo {
			u()
		}
	}
}
