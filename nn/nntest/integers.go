package nntest

import (
	"slices"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// integers compares the outputs of layers that are made anew for integers in the shapes of in, under several
// policies, with the dtypes that it declares.
func integers(t *testing.T, made func() nn.Layer, in []tensor.Spec) {
	t.Helper()
	in = slices.Clone(in)
	for i := range in {
		in[i].DType = tensor.Int16
	}
	for _, policy := range []nn.DTypePolicy{nn.Float32, nn.BFloat16} {
		l := made().(nn.IntegerLayer)
		says := l.OfIntegers(tensor.Int16)
		want := says
		if says.IsFloat() {
			want = policy.ComputeDType()
		}
		b := nn.NewBuilder(7)
		b.DType = policy
		var got tensor.DType
		err := graph.Catch(func() { got = b.BuildAll("layer", l, in)[0].DType })
		if got != want {
			t.Errorf("output for %v of policy %s is %v (%v), want %v: OfIntegers says %v", in, policy, got, err, want, says)
		}
	}
}
