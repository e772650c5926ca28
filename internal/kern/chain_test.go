package kern

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestChain compares chains with their functions, applied one after the other, bit by bit.
func TestChain(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	special := []float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32, 1e-42}
	random := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
			if rng.IntN(4) == 0 {
				x[i] = special[rng.IntN(len(special))]
			}
		}
		return x
	}
	kinds := []struct {
		LinkFunc
		apply func(v, operand []float32)
	}{
		{LinkAdd, func(v, o []float32) { Add(v, v, o) }},
		{LinkMul, func(v, o []float32) { Mul(v, v, o) }},
		{LinkSub, func(v, o []float32) { Sub(v, v, o) }},
		{LinkSubFrom, func(v, o []float32) { Sub(v, o, v) }},
		{LinkRelu, func(v, o []float32) { Relu(v, v) }},
		{LinkReluGrad, func(v, o []float32) { ReluGrad(v, o, v) }},
		{LinkReluGradOf, func(v, o []float32) { ReluGrad(v, v, o) }},
		{LinkSquare, func(v, o []float32) { Square(v, v) }},
		{LinkClip(-0.5, 0.75), func(v, o []float32) { Clip(v, v, -0.5, 0.75) }},
		{LinkClip(0, float32(math.Inf(1))), func(v, o []float32) { Clip(v, v, 0, float32(math.Inf(1))) }},
		{LinkClipGrad(-0.5, 0.75), func(v, o []float32) { ClipGrad(v, o, v, -0.5, 0.75) }},
		{LinkClipGradOf(0, 0.75), func(v, o []float32) { ClipGrad(v, v, o, 0, 0.75) }},
	}
	check := func(t *testing.T, n int, chosen []int, inPlace bool) {
		x := random(n)
		want := append([]float32(nil), x...)
		var links []Link
		for _, k := range chosen {
			var operand []float32
			if kinds[k].Operand {
				operand = random(n)
			}
			kinds[k].apply(want, operand)
			links = append(links, kinds[k].With(operand))
		}
		got := x
		if !inPlace {
			got = make([]float32, n)
		}
		Chain(got, x, links)
		for i, w := range want {
			if g := got[i]; math.Float32bits(g) != math.Float32bits(w) && (g == g || w == w) {
				t.Fatalf("%d elements, links %v, element %d: got %v, want %v", n, chosen, i, g, w)
			}
		}
	}
	for k := range kinds {
		t.Run(fmt.Sprint("one/", k), func(t *testing.T) {
			for _, n := range []int{0, 1, 7, 8, 9, 63, 64, 65, 200, 1024, 1031} {
				check(t, n, []int{k}, n%2 == 0)
			}
		})
	}
	t.Run("many", func(t *testing.T) {
		for range 300 {
			chosen := make([]int, rng.IntN(9))
			for i := range chosen {
				chosen[i] = rng.IntN(len(kinds))
			}
			check(t, rng.IntN(300), chosen, rng.IntN(2) == 0)
		}
	})
}
