package optim_test

import (
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/optim"
)

// mine is an optimizer of a user's.
type mine struct{ *optim.SGDOptimizer }

// foreign is one with nothing of optim in it.
type foreign struct{ optim.Optimizer }

func TestClaim(t *testing.T) {
	var here, there int
	sgd, adam := func() optim.Optimizer { return optim.SGD(1) }, func() optim.Optimizer { return optim.Adam(1) }
	for name, pair := range map[string]func() (first, second optim.Optimizer){
		"the same": func() (first, second optim.Optimizer) { o := sgd(); return o, o },
		"embedded": func() (first, second optim.Optimizer) { o := optim.SGD(1); return mine{o}, o },
		"scaled":   func() (first, second optim.Optimizer) { o := sgd(); return optim.LossScale(o), o },
		"to scale": func() (first, second optim.Optimizer) { o := sgd(); return o, optim.LossScale(o) },
		"the same of several": func() (first, second optim.Optimizer) {
			m := optim.Multi(sgd(), optim.For("a", adam()))
			return m, m
		},
		"the default of several": func() (first, second optim.Optimizer) { o := sgd(); return optim.Multi(o), optim.Multi(o) },
		"one of several": func() (first, second optim.Optimizer) {
			o := sgd()
			return optim.Multi(adam(), optim.For("a", o), optim.For("b", o)), optim.LossScale(optim.Multi(adam(), optim.For("b", o)))
		},
	} {
		first, second := pair()
		claim := func(owner any, o, former optim.Optimizer) string {
			if err := optim.Claim(owner, o, former); err != nil {
				return err.Error()
			}
			return ""
		}
		const refused = ": it trains another model: want an optimizer for each"
		for i, c := range []struct {
			owner     *int
			o, former optim.Optimizer
			want      string
		}{
			{&here, first, nil, ""},
			{&here, first, first, ""},
			{&there, second, nil, refused},
			{&there, second, first, refused}, // not there's to give up
			{&here, second, first, ""},
			{&there, second, nil, refused},
			{&here, nil, second, ""},
			{&there, second, nil, ""},
		} {
			if got := claim(c.owner, c.o, c.former); c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("%s: claim %d: error %q, want %q", name, i, got, c.want)
			}
		}
	}

	// Nothing is taken of several of which one is another's.
	a, b := sgd(), adam()
	if err := optim.Claim(&here, b, nil); err != nil {
		t.Fatal(err)
	}
	var e *graph.Error
	err := optim.Claim(&there, optim.Multi(a, optim.For("x", b)), nil)
	if e, _ = err.(*graph.Error); e == nil || !strings.HasPrefix(err.Error(), "claim_test.go:") || !strings.Contains(err.Error(), ": optim: adam: it trains") {
		t.Errorf("error is %v, want adam's, with the line that made it", err)
	}
	if err := optim.Claim(&here, a, nil); err != nil {
		t.Errorf("what was not claimed is claimed: %v", err)
	}

	for _, o := range []optim.Optimizer{foreign{sgd()}, optim.LossScale(nil), optim.Multi(nil), optim.LossScale(foreign{sgd()})} {
		if err := optim.Claim(&here, o, nil); err != nil {
			t.Errorf("%s: %v", o.Name(), err)
		}
	}
}
