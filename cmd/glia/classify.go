package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/tensor"
)

// classNames returns the names in a list with commas, or in a file; none for "".
func classNames(s string) ([]string, error) {
	if s == "" {
		return nil, nil
	}
	names := strings.Split(s, ",")
	if info, err := os.Stat(s); err == nil && !info.IsDir() {
		b, err := os.ReadFile(s)
		if err != nil {
			return nil, err
		}
		names = strings.Split(strings.TrimRight(string(b), "\r\n"), "\n")
	}
	for i := range names {
		if names[i] = strings.TrimSpace(names[i]); names[i] == "" || !utf8.ValidString(names[i]) {
			return nil, fmt.Errorf("name %d is %.40q: want text", i+1, names[i])
		}
	}
	return names, nil
}

func numbers(v []float64) []number {
	all := make([]number, len(v))
	for i, x := range v {
		all[i] = number(x)
	}
	return all
}

// classify finds the class of outputs that are probabilities or logits.
func (p *predicting) classify(r *predictionRecord, shape tensor.Dims, of loss.Loss) error {
	probabilities := probabilitiesOf(r.Outputs, of, len(p.names))
	if shape.Rank() != 1 || probabilities == nil {
		if p.names != nil && (shape.Rank() != 1 || len(p.names) != len(r.Outputs)) {
			return fmt.Errorf("--classes: got %d names, the model gives %v", len(p.names), shape)
		}
		if p.names == nil {
			return nil
		}
		probabilities = r.Outputs // of each class on its own
	}
	if p.names != nil && len(p.names) != len(probabilities) {
		return fmt.Errorf("--classes: got %d names, the model tells %d classes apart", len(p.names), len(probabilities))
	}
	best := 0
	for i, v := range probabilities {
		if v > probabilities[best] {
			best = i
		}
	}
	r.Class, r.Index, r.Probabilities = p.name(best), &best, probabilities
	return nil
}

// name returns the name of a class: its number if it has no other.
func (p *predicting) name(k int) string {
	if p.names == nil {
		return strconv.Itoa(k)
	}
	return p.names[k]
}

// probabilitiesOf returns the probabilities of classes that outputs are or, by the
// loss, stand for; nil if they are none. One output is the probability of the
// second of two classes, if the loss or the number of names says so.
func probabilitiesOf(out []number, of loss.Loss, names int) []number {
	if len(out) == 1 {
		binary, ok := of.(*loss.BinaryCrossentropyLoss)
		v := out[0]
		switch {
		case !ok && names != 2:
			return nil
		case ok && binary.FromLogits:
			v = number(1 / (1 + math.Exp(-float64(v))))
		case !(v >= 0 && v <= 1):
			return nil
		}
		return []number{1 - v, v}
	}
	var sum number
	for _, v := range out {
		if !(v >= 0 && v <= 1) {
			sum = number(math.NaN())
		}
		sum += v
	}
	switch l := of.(type) {
	case *loss.CategoricalCrossentropyLoss:
		if l.FromLogits {
			return softmax(out)
		}
	case *loss.SparseCategoricalCrossentropyLoss:
		if l.FromLogits {
			return softmax(out)
		}
	}
	if !(math.Abs(float64(sum)-1) < 1e-2) { // float16 is rounded so
		return nil
	}
	return out
}

func softmax(out []number) []number {
	top := slices.Max(out)
	p := make([]number, len(out))
	var sum number
	for i, v := range out {
		p[i] = number(math.Exp(float64(v - top)))
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}
