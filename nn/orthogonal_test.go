package nn_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// TestOrthogonal wants columns of length gain at right angles, or rows if those are
// fewer, for matrices of every form and a kernel of a convolution.
func TestOrthogonal(t *testing.T) {
	for _, dims := range [][]int{{1, 1}, {5, 1}, {1, 5}, {4, 4}, {7, 3}, {3, 7}, {60, 40}, {3, 2, 2, 5}, {2, 2, 30}} {
		const gain = 1.5
		v := drawn(nn.OrthogonalInitializer(gain), 3, dims...)
		cols := dims[len(dims)-1]
		rows := len(v) / cols
		at := func(line, i int) float64 { return v[i*cols+line] }
		lines, n := cols, rows
		if rows < cols {
			at, lines, n = func(line, i int) float64 { return v[line*cols+i] }, rows, cols
		}
		for a := range lines {
			for b := range lines {
				dot, want := 0.0, 0.0
				for i := range n {
					dot += at(a, i) * at(b, i)
				}
				if a == b {
					want = gain * gain
				}
				if math.Abs(dot-want) > 1e-5 {
					t.Fatalf("%v: lines %d and %d have product %g, want %g", dims, a, b, dot, want)
				}
			}
		}
	}
}

// TestOrthogonalIsFair draws many matrices of 2×2: with the signs left out, Householder's
// Q would have only reflections, and a first element that is negative.
func TestOrthogonalIsFair(t *testing.T) {
	const n = 2000
	rotations, positive, right := 0, 0, 0
	for seed := range uint64(n) {
		v := drawn(nn.OrthogonalInitializer(1), seed, 2, 2)
		if v[0]*v[3]-v[1]*v[2] > 0 {
			rotations++
		}
		if v[0] > 0 {
			positive++
		}
		if math.Abs(v[0]) < math.Sqrt2/2 {
			right++
		}
	}
	for name, count := range map[string]int{"rotations": rotations, "first elements over 0": positive, "angles over 45°": right} {
		if d := math.Abs(float64(count) - n/2); d > 5*math.Sqrt(n)/2 {
			t.Errorf("%d %s of %d: want about half", count, name, n)
		}
	}
}

func TestInitializerMistakes(t *testing.T) {
	value, err := tensor.FromSlice([]float32{1, 2}, 2)
	if err != nil {
		t.Fatal(err)
	}
	for want, i := range map[string]nn.Initializer{
		"nn.IdentityInitializer: variable [3 4 2]: want two axes":                 nn.IdentityInitializer(1),
		"nn.ConstantTensor: value float32[2] of a variable [3 4 3]":               nn.ConstantTensor(value),
		`nn.STFTInitializer: window "x": want one of`:                             nn.STFTInitializer(nn.STFTConfig{Window: "x"}),
		`nn.STFTInitializer: scaling "x": want "density"`:                         nn.STFTInitializer(nn.STFTConfig{Scaling: "x"}),
		"nn.STFTInitializer: variable [3 4 1]: want [frame channels frequencies]": nn.STFTInitializer(nn.STFTConfig{}),
		"nn.OrthogonalInitializer: variable [3]: want two axes or more":           nn.OrthogonalInitializer(1),
	} {
		shape := tensor.D(3, 4, 2)
		switch {
		case strings.Contains(want, "[3 4 3]"):
			shape = tensor.D(3, 4, 3)
		case strings.Contains(want, "[3 4 1]"):
			shape = tensor.D(3, 4, 1)
		case strings.Contains(want, "[3]"):
			shape = tensor.D(3)
		}
		err := graph.Catch(func() { nn.NewBuilder(1).Param("v", shape, i) })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

// TestInitializersJSON writes the initializers that draw nothing, or by their own rule,
// and reads them again.
func TestInitializersJSON(t *testing.T) {
	value, err := tensor.FromSlice([]float32{1, 2, 3}, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		i    nn.Initializer
		dims []int
	}{
		{nn.IdentityInitializer(2), []int{3, 4}}, {nn.OrthogonalInitializer(0.5).Seeded(3), []int{3, 4}}, {nn.ConstantTensor(value), []int{3, 4}}, {nn.Constant(0), []int{2}},
		{nn.STFTInitializer(nn.STFTConfig{}), []int{5, 1, 3}}, {nn.STFTInitializer(nn.STFTConfig{Imaginary: true, Window: nn.NoWindow, Scaling: nn.NoScaling}), []int{5, 1, 3}},
		{nn.STFTInitializer(nn.STFTConfig{Window: nn.Hamming, Scaling: nn.Spectrum, Periodic: true}), []int{5, 2, 3}},
	} {
		text, err := json.Marshal(c.i)
		if err != nil {
			t.Fatal(err)
		}
		var back nn.Initializer
		if err := json.Unmarshal(text, &back); err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got, want := drawn(back, 1, c.dims...), drawn(c.i, 1, c.dims...); !slices.Equal(got, want) {
			t.Errorf("%s read again gives %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]string{
		`{"class_name":"STFT","config":{"side":"left"}}`:                                                            `side "left": want "real" or "imag"`,
		`{"class_name":"STFT","config":{"window":"kaiser"}}`:                                                        `window "kaiser": want one of`,
		`{"class_name":"Constant","config":{"value":[[1,2],[3]]}}`:                                                  "lists [2] and [1] side by side",
		`{"class_name":"Constant","config":{"value":["a"]}}`:                                                        "value: a: want numbers",
		`{"class_name":"Constant","config":{"value":{"class_name":"__tensor__","config":{"value":1,"dtype":"x"}}}}`: `dtype "x"`,
	} {
		var i nn.Initializer
		if err := json.Unmarshal([]byte(text), &i); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
}

func BenchmarkOrthogonal(b *testing.B) {
	for b.Loop() {
		drawn(nn.OrthogonalInitializer(1), 1, 512, 512)
	}
}
