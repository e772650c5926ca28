package glia_test

import (
	"fmt"
	"log"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// averaging is a callback of a program's own: stochastic weight averaging. In the end the
// model gets the mean of the weights after each epoch from the given one on. It refuses
// trainings without validation before they start, and an interrupted training goes on
// with the mean that it had: Vars puts it into backups.
type averaging struct {
	from  int // counted from 1
	means []*graph.Var
	add   *glia.Function
}

func (a *averaging) callback() glia.Callback {
	return glia.Callback{
		Name:       "averaging",
		Join:       a.join,
		Vars:       func() []*graph.Var { return a.means },
		OnEpochEnd: a.epochEnd,
		OnTrainEnd: a.trainEnd,
	}
}

// join is called when the training is ready.
func (a *averaging) join(t *glia.Training) error {
	if !t.Validates() {
		return fmt.Errorf("averaging: no validation to judge the mean by, only %q: want Validate", t.Names())
	}
	a.means = nil
	for _, v := range t.Model().Trained() {
		a.means = append(a.means, graph.NewVar(v.Path, tensor.NewSpec(v.Spec())))
	}
	a.add = glia.Func(func(in ...*graph.Node) []*graph.Node { // mean, value, share
		return []*graph.Node{ops.Add(in[0], ops.Mul(ops.Sub(in[1], in[0]), in[2]))}
	})
	return nil
}

// epochEnd moves the means by the new weights' share.
func (a *averaging) epochEnd(m *glia.Model, e glia.Epoch) error {
	n := e.Epoch - a.from + 1
	if n < 1 {
		return nil
	}
	for i, v := range m.Trained() {
		mean, err := a.add.Call(a.means[i].Tensor(), v.Tensor(), tensor.Scalar(1/float32(n)))
		if err == nil {
			err = a.means[i].Set(mean[0])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// trainEnd gives the model the means, while nobody predicts with half of them.
func (a *averaging) trainEnd(m *glia.Model, h *glia.History) (err error) {
	if len(h.Epochs) < a.from {
		return nil
	}
	trained := m.Trained()
	m.BetweenSteps(func() {
		for i, v := range trained {
			if err == nil {
				err = v.Set(a.means[i].Tensor())
			}
		}
	})
	return err
}

// A callback of one's own, with options that are checked before training, and variables.
func ExampleTraining() {
	own := &averaging{from: 3}
	var slope float64 // the mean of the slopes after the third and the fourth epoch
	watch := glia.Callback{OnEpochEnd: func(m *glia.Model, e glia.Epoch) error {
		if e.Epoch >= 3 {
			slope += m.Trained()[0].Tensor().Item() / 2
		}
		return nil
	}}
	m := straight()
	_, err := m.Fit(line(), glia.Epochs(4), glia.Use(own.callback()))
	fmt.Println(err)
	if _, err := m.Fit(line(), glia.Epochs(4), glia.Validate(line()), glia.Use(own.callback(), watch)); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f is the mean %.4f\n", m.Trained()[0].Tensor().Item(), slope)
	// Output:
	// glia: Fit: averaging: no validation to judge the mean by, only ["loss"]: want Validate
	// 1.4096 is the mean 1.4096
}
