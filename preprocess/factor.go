package preprocess

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
)

// Factor bounds what a layer draws: two numbers, the least and the greatest, or one, which stands
// for what the layer's comment says, in most for -f to f.
//
//	preprocess.RandomRotation(preprocess.Factor{0.25})
//	preprocess.RandomRotation(preprocess.Factor{-0.1, 0.3})
type Factor []float64

// MarshalJSON writes one number, or a list, as Keras takes both.
func (f Factor) MarshalJSON() ([]byte, error) { return vocab.MarshalOneOrList([]float64(f)) }

// UnmarshalJSON reads null, one number or a list, as Keras writes them.
func (f *Factor) UnmarshalJSON(b []byte) error {
	if vocab.UnmarshalOneOrList(b, (*[]float64)(f)) != nil {
		return fmt.Errorf("%s: want a number or two", vocab.Short(b))
	}
	return nil
}

// around returns the bounds of a factor, -f to f for one number f, none of them below least.
// It panics with *graph.Error unless there are one or two numbers from least to most.
func (f Factor) around(class, name string, least, most float64) (low, high float64) {
	f.want(class, name, least, most)
	if len(f) == 1 {
		return max(-math.Abs(f[0]), least), math.Abs(f[0])
	}
	return min(f[0], f[1]), max(f[0], f[1])
}

// want panics with *graph.Error unless f has one or two numbers from least to most.
func (f Factor) want(class, name string, least, most float64) {
	good := len(f) == 1 || len(f) == 2
	for _, v := range f {
		good = good && v >= least && v <= most
	}
	if !good {
		panic(graph.Errorf("preprocess.%s: %s is %v: want one number or two, from %v to %v", class, name, []float64(f), least, most))
	}
}

// single returns {f} for {-f, f}, and others as they are.
func (f Factor) single() Factor {
	if len(f) == 2 && f[0] == -f[1] && f[1] >= 0 {
		return f[1:]
	}
	return f
}
