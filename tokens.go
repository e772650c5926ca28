package glia

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/tensor"
)

// checkTokens returns an error if an input of the samples idx holds a token outside of the
// vocabulary of a layer that takes it: the graph cannot fail half-way.
func (m *Model) checkTokens(x []*tensor.Tensor, idx func(sample int) int) error {
	for i, limits := range m.tokens {
		for _, l := range limits {
			at := loss.OutOfRange(x[i], math.Nextafter(-1, 0), math.Nextafter(float64(l.Below), 0))
			if at < 0 {
				continue
			}
			of := ""
			if len(m.tokens) > 1 {
				of = fmt.Sprintf(" of input %d", i)
			}
			width := x[i].Len() / x[i].Shape().At(0)
			return fmt.Errorf("sample %d: token %v at %s%s: want 0 or more and less than %d, the vocabulary of layer %s",
				idx(at/width), x[i].Float64s()[at], placeIn(x[i].Shape().From(1), at%width), of, l.Below, l.Layer)
		}
	}
	return nil
}

// placeIn names an element of a sample by its indices.
func placeIn(shape tensor.Dims, at int) string {
	switch shape.Rank() {
	case 0:
		return "its only place"
	case 1:
		return fmt.Sprintf("place %d", at)
	}
	place := make([]int, shape.Rank())
	for axis := shape.Rank() - 1; axis >= 0; axis-- {
		place[axis] = at % shape.At(axis)
		at /= shape.At(axis)
	}
	return fmt.Sprintf("place %v", place)
}
