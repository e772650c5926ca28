package plan_test

import (
	"testing"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// primitive is the CPU without kernels of composed operations.
type primitive struct{ cpu.Kernels }

func (k primitive) Kernel(op graph.Op, out, in []tensor.Spec) backend.Kernel {
	if _, composed := op.(ops.Composed); composed {
		return nil
	}
	return k.Kernels.Kernel(op, out, in)
}

func (k primitive) Fuses(op graph.Op, out, in []tensor.Spec) bool {
	_, composed := op.(ops.Composed)
	return !composed && k.Kernels.Fuses(op, out, in)
}

// TestComposed trains on a device that has no kernels but those of primitives: what has
// none is computed by others, not by references.
func TestComposed(t *testing.T) {
	got, gotVars, p := train(t, primitive{}, 5)
	want, wantVars, _ := train(t, cpu.Kernels{}, 5)
	if missing := p.References(); len(missing) > 0 {
		t.Errorf("references compute %v: want others to compute what is composed\n%v", missing, p)
	}
	for i := range got {
		if err := tensor.AllClose(got[i], want[i], 1e-4, 1e-5); err != nil {
			t.Errorf("output %d: %v", i, err)
		}
	}
	for i, v := range gotVars {
		if err := tensor.AllClose(v.Tensor(), wantVars[i].Tensor(), 1e-3, 1e-4); err != nil {
			t.Errorf("%s: %v", v.Path, err)
		}
	}
}
