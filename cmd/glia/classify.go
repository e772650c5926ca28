package main

import (
	"fmt"
	"os"
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
		names = strings.Split(strings.TrimRight(strings.TrimPrefix(string(b), "\ufeff"), "\r\n"), "\n")
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

// probabilitiesOf returns the probabilities of classes that outputs stand for, nil if they
// stand for none. Two names make one output, too, the probability of the second class.
func probabilitiesOf(out []number, of loss.Loss, names int) []number {
	if _, binary := of.(*loss.BinaryCrossentropyLoss); len(out) == 1 && !binary && names == 2 {
		of = loss.BinaryCrossentropy()
	}
	values := make([]float64, len(out))
	for i, v := range out {
		values[i] = float64(v)
	}
	p := loss.Probabilities(of, values)
	if p == nil {
		return nil
	}
	return numbers(p)
}
