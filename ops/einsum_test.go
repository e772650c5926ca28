package ops_test

import (
	"math"
	"strings"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/optest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestEinsum compares with sums over all indices, and gradients with the sums for them: d/dx of
// Σ c·einsum(x, y) is einsum of c and y.
func TestEinsum(t *testing.T) {
	lengths := map[byte]int{'a': 2, 'b': 3, 'c': 4, 'd': 2, 'e': 5, 'i': 3, 'j': 4}
	for _, eq := range []string{
		"ab,bc->ac", "ab,bc->ca", "abc,cde->abde", "aecd,abcd->acbe", "acbe,aecd->abcd", "abc,dec->aebd", "ab,cb->ac", "ba,bc->ac", "ab,ab->a", "ab,ab->",
		"ab,cd->abcd", "ab,cd->dbca", "ab,b->ab", "a,b->ba", "ab->ba", "ab->", "ab->b", "ii->i", "ii->", "aibi->iab", "iji->j", "abc,abd,ae->cde", "ab,bc,ca->",
		"abcd,bde->cea", "ij,j", "ba", "ab,b,c->c", "abi,cib->ac",
	} {
		left, right, ok := strings.Cut(eq, "->")
		terms := strings.Split(left, ",")
		if !ok {
			right = map[string]string{"ij,j": "i", "ba": "ab"}[eq]
		}
		g := graph.New()
		var in []*tensor.Tensor
		var x []*graph.Node
		for k, term := range terms {
			dims := make([]int, len(term))
			for i := range term {
				dims[i] = lengths[term[i]]
			}
			a := tensor.New(tensor.Float64, dims...)
			v := make([]float64, a.Len())
			for i := range v {
				v[i] = math.Sin(float64(3*i + k))
			}
			if err := a.SetFloat64s(v); err != nil {
				t.Fatal(err)
			}
			in, x = append(in, a), append(x, g.Input("x", a.Spec()))
		}
		y := ops.Einsum(eq, x...)
		weights := ops.Sin(ops.Reshape(ops.Iota(g, tensor.S(tensor.Float64, max(1, y.Shape().Size())), 0), y.Shape().Slice()...))
		grads := autodiff.Grad(ops.ReduceSum(ops.Mul(weights, y)), x...)
		var values []ops.Array
		for _, a := range in {
			values = append(values, optest.FromTensor(a))
		}
		got := optest.Eval(append([]*graph.Node{y}, grads...), values...)
		for k, want := range naiveEinsum(terms, right, lengths, in) {
			if len(want) != len(got[k].V) {
				t.Fatalf("%s: result %d has %d elements, want %d", eq, k, len(got[k].V), len(want))
			}
			for i := range want {
				if math.Abs(got[k].V[i]-want[i]) > 1e-12 {
					t.Errorf("%s: result %d, element %d is %g, want %g", eq, k, i, got[k].V[i], want[i])
					break
				}
			}
		}
	}
}

// naiveEinsum returns the result and the gradients by sums over all indices.
func naiveEinsum(terms []string, right string, lengths map[byte]int, in []*tensor.Tensor) [][]float64 {
	all := ""
	for _, l := range strings.Join(terms, "") {
		if !strings.ContainsRune(all, l) {
			all += string(l)
		}
	}
	at := map[byte]int{}
	place := func(term string) int {
		i := 0
		for k := range term {
			i = i*lengths[term[k]] + at[term[k]]
		}
		return i
	}
	size := 1
	for i := range right {
		size *= lengths[right[i]]
	}
	out := [][]float64{make([]float64, size)}
	for _, x := range in {
		out = append(out, make([]float64, x.Len()))
	}
	var walk func(rest string)
	walk = func(rest string) {
		if rest != "" {
			for at[rest[0]] = 0; at[rest[0]] < lengths[rest[0]]; at[rest[0]]++ {
				walk(rest[1:])
			}
			return
		}
		product := 1.0
		for k, term := range terms {
			product *= in[k].Float64s()[place(term)]
		}
		o := place(right)
		out[0][o] += product
		for k := range terms {
			d := math.Sin(float64(o))
			for j, term := range terms {
				if j != k {
					d *= in[j].Float64s()[place(term)]
				}
			}
			out[k+1][place(terms[k])] += d
		}
	}
	walk(all)
	return out
}

// TestEinsumEllipsis has axes that broadcast, against NumPy's rule: the shapes, and one element.
func TestEinsumEllipsis(t *testing.T) {
	for _, c := range []struct {
		eq    string
		x, y  []int
		shape []int
		last  float64 // of operands of ones
	}{
		{"...x,xy->...y", []int{2, 3, 4}, []int{4, 5}, []int{2, 3, 5}, 4},
		{"ab...,bc->ac...", []int{2, 3, 4, 5}, []int{3, 6}, []int{2, 6, 4, 5}, 3},
		{"...ij,...jk->...ik", []int{3, 1, 2, 4}, []int{5, 4, 2}, []int{3, 5, 2, 2}, 4},
		{"...ij,...jk", []int{1, 2, 4}, []int{1, 4, 2}, []int{1, 2, 2}, 4},
		{"...,...->...", []int{2, 3}, []int{3}, []int{2, 3}, 1},
	} {
		g := graph.New()
		ones := func(dims []int) *graph.Node { return ops.Full(g, tensor.S(tensor.Float32, dims...), 1) }
		y := ops.Einsum(c.eq, ones(c.x), ones(c.y))
		if y.Shape() != tensor.D(c.shape...) {
			t.Errorf("%s of %v and %v: %v, want %v", c.eq, c.x, c.y, y.Shape(), c.shape)
		}
		if v := optest.Eval([]*graph.Node{y})[0].V; v[len(v)-1] != c.last {
			t.Errorf("%s: last element %g, want %g", c.eq, v[len(v)-1], c.last)
		}
	}
}

// TestEinsumMistakes wants errors that name the equation.
func TestEinsumMistakes(t *testing.T) {
	for eq, want := range map[string]string{
		"ab,bc->ad":    "letter 'd' of the result is in no operand",
		"ab->ab":       "of 2 operands: want one for each part",
		"abc,bc->a":    "operand 0 is float32[2 3]: want 3 axes",
		"ab,ac->bc":    "has length 3, that of its letter before 2: want the same",
		"ab,bc->aa":    "letter 'a' is twice in the result",
		"a1,bc->a":     "want letters",
		"...a,...b->a": "the result lacks the axes of the ellipsis",
	} {
		err := graph.Catch(func() {
			g := graph.New()
			ops.Einsum(eq, g.Input("x", tensor.S(tensor.Float32, 2, 3)), g.Input("y", tensor.S(tensor.Float32, 3, 4)))
		})
		if err == nil || !strings.Contains(err.Error(), "ops.Einsum") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", eq, err, want)
		}
	}
}
