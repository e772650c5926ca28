// The born peer: its CPU backend under its gradient tape. Built with
// GOEXPERIMENT=simd it uses the backend's vector kernels.
package main

import (
	"log"
	"math/rand/v2"

	"github.com/born-ml/born/autodiff"
	"github.com/born-ml/born/backend/cpu"
	"github.com/born-ml/born/nn"
	"github.com/born-ml/born/optim"
	"github.com/born-ml/born/tensor"
	"github.com/glia-ml/glia/bench/peers/gocommon"
)

type (
	backend = *autodiff.Backend[*cpu.Backend]
	floats  = *tensor.Tensor[float32, backend]
)

// mlp holds the Dense layers; Linear starts with Glorot uniform kernels and zero biases.
type mlp struct {
	layers []*nn.Linear[backend]
	relu   *nn.ReLU[backend]
}

func newMLP(b backend) *mlp {
	m := &mlp{relu: nn.NewReLU[backend]()}
	width := gocommon.Features
	for _, units := range gocommon.Units {
		m.layers = append(m.layers, nn.NewLinear(width, units, b))
		width = units
	}
	return m
}

// logits of x [n 784]; the softmax is part of the loss.
func (m *mlp) logits(x floats) floats {
	for i, l := range m.layers {
		x = l.Forward(x)
		if i+1 < len(m.layers) {
			x = m.relu.Forward(x)
		}
	}
	return x
}

func (m *mlp) parameters() []*nn.Parameter[backend] {
	var out []*nn.Parameter[backend]
	for _, l := range m.layers {
		out = append(out, l.Parameters()...)
	}
	return out
}

// gather copies the given rows of s into tensors.
func gather(s gocommon.Set, rows []int, b backend) (floats, *tensor.Tensor[int32, backend]) {
	x := make([]float32, 0, len(rows)*gocommon.Features)
	y := make([]int32, 0, len(rows))
	for _, r := range rows {
		x = append(x, s.Images[r*gocommon.Features:(r+1)*gocommon.Features]...)
		y = append(y, s.Labels[r])
	}
	xt, err := tensor.FromSlice(x, tensor.Shape{len(rows), gocommon.Features}, b)
	check(err)
	yt, err := tensor.FromSlice(y, tensor.Shape{len(rows)}, b)
	check(err)
	return xt, yt
}

func main() {
	args := gocommon.ParseArgs()
	trainSet, testSet, err := gocommon.MNIST(args.Data)
	check(err)

	nn.SetSeed(1)
	b := autodiff.New(cpu.New())
	m := newMLP(b)
	config := optim.AdamConfig{LR: 1e-3, Betas: [2]float32{0.9, 0.999}, Eps: 1e-7}
	adam := optim.NewAdam(m.parameters(), config, b)
	rng := rand.New(rand.NewPCG(1, 1))

	clock := gocommon.NewClock(args)
	b.Tape().StartRecording()
	for clock.More() {
		clock.Epoch(func() {
			order := rng.Perm(trainSet.N)
			for len(order) > 0 {
				n := min(gocommon.Batch, len(order))
				x, y := gather(trainSet, order[:n], b)
				order = order[n:]
				adam.ZeroGrad()
				loss := tensor.New[float32](b.CrossEntropy(m.logits(x).Raw(), y.Raw()), b)
				adam.Step(autodiff.Backward(loss, b))
				b.Tape().Clear()
			}
		})
	}
	b.Tape().StopRecording()

	all := make([]int, testSet.N)
	for i := range all {
		all[i] = i
	}
	x, y := gather(testSet, all, b)
	logits := m.logits(x)
	loss := b.CrossEntropy(logits.Raw(), y.Raw()).AsFloat32()[0]
	clock.Report("born", "github.com/born-ml/born", float64(loss), accuracy(logits.Raw().AsFloat32(), testSet.Labels),
		"CPU backend; sparse labels, which its loss wants")
}

// accuracy is the share of rows of logits [n 10] whose largest entry is the label.
func accuracy(logits []float32, labels []int32) float64 {
	hits := 0
	for i, label := range labels {
		row := logits[i*gocommon.Classes : (i+1)*gocommon.Classes]
		best := 0
		for c := range row {
			if row[c] > row[best] {
				best = c
			}
		}
		if int32(best) == label {
			hits++
		}
	}
	return float64(hits) / float64(len(labels))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
