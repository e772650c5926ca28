package glia

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/tensor"
)

// classWeigher gives the samples of a batch the weights of their classes. It
// keeps its tensors, one pair for every length of a batch.
type classWeigher struct {
	of      map[int]float64
	labels  map[int]*tensor.Tensor   // float64, of the shape of y
	weights map[int][]*tensor.Tensor // one, float32 [n]
}

func newClassWeigher(of map[int]float64) *classWeigher {
	return &classWeigher{of, map[int]*tensor.Tensor{}, map[int][]*tensor.Tensor{}}
}

func checkClassWeights(w map[int]float64) error {
	for class, v := range w {
		if class < 0 || !(v >= 0) || math.IsInf(v, 1) {
			return fmt.Errorf("glia: Fit: ClassWeights: class %d has weight %v: want classes and weights of 0 or more", class, v)
		}
	}
	return nil
}

// weigh returns the weights of b, 1 if it has none, times those of the classes.
func (c *classWeigher) weigh(b *data.Batch) ([]*tensor.Tensor, error) {
	if len(b.Y) != 1 {
		return nil, fmt.Errorf("glia: Fit: ClassWeights: samples have %d targets: want one", len(b.Y))
	}
	y := b.Y[0].Shape()
	if y.Rank() > 2 {
		return nil, fmt.Errorf("glia: Fit: ClassWeights: labels are %v: want [n], [n 1] or rows [n classes]", b.Y[0].Spec())
	}
	if len(b.Weight) > 0 && b.Weight[0] != nil && b.Weight[0].Shape().Rank() > 1 {
		return nil, fmt.Errorf("glia: Fit: ClassWeights: samples have weights %v: want one a sample", b.Weight[0].Spec())
	}
	n := y.At(0)
	if c.weights[n] == nil {
		c.labels[n] = tensor.NewSpec(tensor.Spec{DType: tensor.Float64, Shape: y})
		c.weights[n] = []*tensor.Tensor{tensor.New(tensor.Float32, n)}
	}
	if err := tensor.Convert(c.labels[n], b.Y[0]); err != nil {
		return nil, fmt.Errorf("glia: Fit: ClassWeights: %w", err)
	}
	labels, weights := tensor.Data[float64](c.labels[n]), tensor.Data[float32](c.weights[n][0])
	for i := range weights {
		w, named := c.of[classOf(labels[i*len(labels)/n:][:len(labels)/n])]
		if !named {
			w = 1
		}
		weights[i] = float32(w)
	}
	if len(b.Weight) > 0 && b.Weight[0] != nil {
		for i, w := range tensor.Data[float32](b.Weight[0]) {
			weights[i] *= w
		}
	}
	return c.weights[n], nil
}

// classOf returns the class of a label: its number, or the place of the greatest in a
// row.
func classOf(label []float64) int {
	if len(label) == 1 {
		return int(label[0])
	}
	best := 0
	for i, v := range label {
		if v > label[best] {
			best = i
		}
	}
	return best
}
