package keras

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/nn"
)

// LoadReport lists what [File.LoadWeights] loaded and what it did not.
type LoadReport struct {
	// Loaded holds the paths of the variables that were set, Kept those of the variables
	// that kept their values.
	Loaded, Kept []string
	// Unused holds the paths of the weights in the file that no variable got.
	Unused []string
}

// String returns the report as a line, with the first names of each list.
func (r LoadReport) String() string {
	s := fmt.Sprintf("loaded %d of %d variables", len(r.Loaded), len(r.Loaded)+len(r.Kept))
	if len(r.Kept) > 0 {
		s += "; kept " + quotedNames(r.Kept)
	}
	if len(r.Unused) > 0 {
		s += "; the file's " + quotedNames(r.Unused) + " were not used"
	}
	return s
}

// reportOf returns the report of the pairs that are loaded.
func (f *File) reportOf(net *nn.Network, pairs []pair) LoadReport {
	var r LoadReport
	got, used := map[*graph.Var]bool{}, map[*Weight]bool{}
	for _, p := range pairs {
		got[p.v], used[p.w] = true, true
	}
	for _, v := range net.Vars() {
		if got[v] {
			r.Loaded = append(r.Loaded, v.Path)
		} else {
			r.Kept = append(r.Kept, v.Path)
		}
	}
	for _, w := range f.Weights {
		if !used[w] {
			r.Unused = append(r.Unused, w.Path)
		}
	}
	return r
}

// nothingFits returns the error of a load that would set nothing although it was asked to,
// nil if there is nothing to set or the list of mismatches says it all.
func (f *File) nothingFits(net *nn.Network, o LoadOptions, bad []error) error {
	vars := net.Vars()
	switch {
	case len(vars) == 0 || len(f.Weights) == 0 && o.Match == ByPlace && o.Skip == nil:
		return nil
	case len(f.Weights) == 0:
		return fmt.Errorf("keras: the %v file has no weights: want one with those of %s", f.Format, quotedNames(namesOf(vars)))
	case f.Format == NPZ && o.Match != ByOrder && f.numbered():
		return fmt.Errorf("keras: the arrays are named %s, as NumPy names those without a name: want option ByOrder (glia convert --by-order), which takes them one after the other, or the names %s",
			quotedNames(f.layerNames()), quotedNames(namesOf(vars)))
	case o.Match == ByName && len(bad) == 0:
		return fmt.Errorf("keras: by name: nothing fits: the file has %s, the model %s: want layers of the same names, or no option ByName",
			quotedNames(f.layerNames()), quotedNames(layerNames(net)))
	case o.Skip != nil:
		return fmt.Errorf("keras: nothing fits, all layers would be skipped: %w", list(bad))
	}
	return nil
}

// numbered reports whether all weights have the names that numpy.savez gives arrays: arr_0.
func (f *File) numbered() bool {
	for _, w := range f.Weights {
		number, ok := strings.CutPrefix(w.Path, "arr_")
		if _, err := strconv.Atoi(number); !ok || err != nil {
			return false
		}
	}
	return true
}

// layerNames lists the names of the file's layers, the paths of weights that have none.
func (f *File) layerNames() []string {
	var names []string
	for _, w := range f.Weights {
		name := w.Layer
		if name == "" {
			if name = path.Dir(w.Path); name == "." {
				name = w.Path
			}
		}
		if n := len(names); n == 0 || names[n-1] != name {
			names = append(names, name)
		}
	}
	return names
}

// layerNames lists the names of the layers that have variables.
func layerNames(net *nn.Network) []string {
	var names []string
	for _, p := range placesOf(net) {
		if len(p.vars) > 0 {
			names = append(names, p.name)
		}
	}
	return names
}

// namesOf lists the paths of variables.
func namesOf(vars []*graph.Var) []string {
	names := make([]string, len(vars))
	for i, v := range vars {
		names[i] = v.Path
	}
	return names
}

// quotedNames returns the first few names, quoted since they may come from a file.
func quotedNames(names []string) string {
	const most, longest = 8, 100
	var s []string
	for _, n := range names[:min(most, len(names))] {
		s = append(s, fmt.Sprintf("%q", plaintext.Cut(n, longest)))
	}
	text := strings.Join(s, ", ")
	if n := len(names) - most; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}
