package loss

import (
	"math"
	"slices"
)

// Probabilities returns the probabilities of the classes that the outputs of one sample
// express, or nil if the outputs do not express any. They are told from logits by the loss
// that the model was trained with, nil if it is unknown:
//
//   - one output, of a model trained with [BinaryCrossentropy], is the probability, or the
//     logit, of the second of two classes;
//   - several outputs are logits with a [CategoricalCrossentropy] or
//     [SparseCategoricalCrossentropy] from logits, otherwise probabilities if none lies
//     outside 0 to 1 and they sum to 1, up to the rounding of 16 bits.
//
// Outputs are not changed; the result may be the same slice.
func Probabilities(l Loss, outputs []float64) []float64 {
	switch len(outputs) {
	case 0:
		return nil
	case 1:
		return ofTwo(l, outputs[0])
	}
	switch l := l.(type) {
	case *CategoricalCrossentropyLoss:
		if l.FromLogits {
			return softmax(outputs)
		}
	case *SparseCategoricalCrossentropyLoss:
		if l.FromLogits {
			return softmax(outputs)
		}
	}
	var sum float64
	for _, v := range outputs {
		if !isProbability(v) {
			return nil
		}
		sum += v
	}
	const rounding = 1e-2 // of the sum of many float16
	if !(math.Abs(sum-1) < rounding) {
		return nil
	}
	return outputs
}

// ofTwo returns the probabilities of two classes, of which v is the output for the second.
func ofTwo(l Loss, v float64) []float64 {
	binary, ok := l.(*BinaryCrossentropyLoss)
	switch {
	case !ok:
		return nil
	case binary.FromLogits:
		v = 1 / (1 + math.Exp(-v))
	case !isProbability(v):
		return nil
	}
	return []float64{1 - v, v}
}

// isProbability reports whether a number can be a probability.
func isProbability(v float64) bool { return v >= 0 && v <= 1 }

func softmax(logits []float64) []float64 {
	top := slices.Max(logits)
	p := make([]float64, len(logits))
	var sum float64
	for i, v := range logits {
		p[i] = math.Exp(v - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}
