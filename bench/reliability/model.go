package main

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// small returns a model whose files are small, with something of everything: layers in
// layers, the state of random layers and of an optimizer.
func small(seed uint64) (*glia.Model, error) {
	m := glia.Sequential(nn.Input(4), nn.Dense(3, nn.ReLU),
		nn.Sequential(nn.Dense(2, nn.Tanh, nn.Name("inner")), nn.Dropout(0.5)), nn.Dense(3, nn.Softmax))
	if err := m.Compile(optim.Adam(0.01), loss.SparseCategoricalCrossentropy(), metric.Accuracy()); err != nil {
		return nil, err
	}
	ds, err := samples(16, seed)
	if err != nil {
		return nil, err
	}
	_, err = m.Fit(ds, glia.BatchSize(8), glia.Epochs(1))
	return m, err
}

// samples returns n rows of four numbers, each with a class of three.
func samples(n int, seed uint64) (*data.Memory, error) {
	x, y := make([]float32, 4*n), make([]int32, n)
	for i := range x {
		seed = seed*6364136223846793005 + 1442695040888963407
		x[i] = float32(seed>>40) / (1 << 24)
	}
	for i := range y {
		y[i] = int32(i % 3)
	}
	tx, err := tensor.FromSlice(x, n, 4)
	if err != nil {
		return nil, err
	}
	ty, err := tensor.FromSlice(y, n)
	if err != nil {
		return nil, err
	}
	return data.New(tx, ty)
}

// A state is a copy of all values of a model and its optimizer.
type state struct {
	vars   []*graph.Var
	values [][]byte
}

func stateOf(m *glia.Model) state {
	s := state{vars: slices.Concat(m.Network().Vars(), m.Optimizer().Vars())}
	for _, v := range s.vars {
		s.values = append(s.values, bytes.Clone(v.Tensor().Bytes()))
	}
	return s
}

// check returns an error that names the first variable whose value is another now.
func (s state) check() error {
	for i, v := range s.vars {
		if !bytes.Equal(v.Tensor().Bytes(), s.values[i]) {
			return fmt.Errorf("%s has changed", v.Path)
		}
	}
	return nil
}
