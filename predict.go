package glia

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Predict returns the model's output for the samples along the first axis of x,
// which is split into batches of 256, or fewer if [Model.LimitMemory] asks for it. Any number
// of goroutines may predict at once.
//
// An output does not depend on the samples beside it, unless a layer of your own mixes
// them. Where it is certain that none does, batches are padded to 1, 2, 4, ..., 256
// samples and the results cut, so that few plans serve all lengths of x.
//
// A model with a layer that is [nn.Stateful] goes on from the states that the call before left,
// in batches of the length that its Input declares: see [Model.ResetStates].
//
// It is for models of one input and output; [Model.PredictAll] is for others.
func (m *Model) Predict(x *tensor.Tensor) (*tensor.Tensor, error) {
	return m.predictOne("Predict", x, predictBatch)
}

// PredictAll is [Model.Predict] with a tensor for each input of the model, in the order
// given to [nn.Functional], all with first axes of one length. It returns one for each
// output. Tensors that do not fit the model are an error.
func (m *Model) PredictAll(x ...*tensor.Tensor) ([]*tensor.Tensor, error) {
	return m.predictBatches("PredictAll", x, predictBatch)
}

// predictOne predicts for a model of one output; other models are an error.
func (m *Model) predictOne(call string, x *tensor.Tensor, size int) (*tensor.Tensor, error) {
	out, err := m.predictBatches(call, []*tensor.Tensor{x}, size)
	if err != nil {
		return nil, err
	}
	if len(out) != 1 {
		return nil, fmt.Errorf("glia: %s: the model has %d outputs: want one; PredictAll returns all", call, len(out))
	}
	return out[0], nil
}

// predictBatches predicts in batches of no more than size samples, or of all if size is larger
// than predictBatch. Errors name the call.
func (m *Model) predictBatches(call string, x []*tensor.Tensor, size int) (out []*tensor.Tensor, err error) {
	defer catch(call, &err)
	if m.net != nil {
		if n := m.net.BatchSize(); n > 0 && size == predictBatch { // of stateful layers
			size = n
		}
	}
	out, err = m.predictInBatches(x, size)
	for isMemoryError(err) && size <= predictBatch && size > 1 {
		size /= 2
		out, err = m.predictInBatches(x, size)
	}
	if err != nil {
		return nil, fmt.Errorf("glia: %s: %w", call, err)
	}
	return out, nil
}

func (m *Model) predictInBatches(x []*tensor.Tensor, size int) ([]*tensor.Tensor, error) {
	x, err := samplesOf(x)
	if err != nil {
		return nil, err
	}
	n := x[0].Shape().At(0)
	p, err := m.planFor(x, min(n, size))
	if err != nil {
		return nil, m.batched(x, err)
	}
	if err := m.checkTokens(x, func(i int) int { return i }); err != nil {
		return nil, err
	}
	if n > size { // otherwise the plan's own output, which compile checked
		need := bytesOf(withBatch(slices.Clone(p.Outputs()), n))
		if err := m.checkMemory(fmt.Sprintf("the output for %d samples", n), need); err != nil {
			return nil, errors.New(err.Error()) // smaller batches do not help
		}
	}
	out := make([]*tensor.Tensor, len(p.Outputs()))
	for i, s := range p.Outputs() {
		s.Shape = s.Shape.With(0, n)
		out[i] = tensor.NewSpec(s)
	}
	if n <= size {
		return out, m.runPredict(p, out, x)
	}
	for at := 0; at < n; at += size {
		to := min(at+size, n)
		part, err := rows(x, at, to)
		if err != nil {
			return nil, err
		}
		dst, err := rows(out, at, to)
		if err != nil {
			return nil, err
		}
		if p, err = m.planFor(part, to-at); err != nil {
			return nil, err
		}
		if err := m.runPredict(p, dst, part); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// rows returns views of the samples from to to-1.
func rows(of []*tensor.Tensor, from, to int) ([]*tensor.Tensor, error) {
	parts := make([]*tensor.Tensor, len(of))
	for i, t := range of {
		part, err := t.Slice(0, from, to, 1)
		if err != nil {
			return nil, err
		}
		parts[i] = part
	}
	return parts, nil
}

const predictBatch = 256

// samplesOf returns x, without gaps, if it is one sample or more.
func samplesOf(x []*tensor.Tensor) ([]*tensor.Tensor, error) {
	if len(x) == 0 {
		return nil, errors.New("no x: want a tensor for each input")
	}
	for _, t := range x {
		switch {
		case t == nil:
			return nil, errors.New("x is nil")
		case t.Shape().Rank() == 0:
			return nil, fmt.Errorf("x is %v: want samples along the first axis; Reshape(1) makes a batch of one", t.Spec())
		case t.Shape().At(0) == 0:
			return nil, fmt.Errorf("x is %v: want one sample or more", t.Spec())
		case t.Shape().At(0) != x[0].Shape().At(0):
			return nil, fmt.Errorf("x are %v and %v: want first axes of the same length", x[0].Spec(), t.Spec())
		}
	}
	return contiguous(x), nil
}

// planFor returns the plan that predicts n samples like those of x, or more if
// [Model.runPredict] pads the batch. The model is built for them if it is not.
func (m *Model) planFor(x []*tensor.Tensor, n int) (backend.Executable, error) {
	if e := m.knownPlan(x, n); e != nil {
		return e, nil
	}
	return m.newPlan(x, n)
}

// knownPlan is planFor without making one: it returns nil if there is none.
func (m *Model) knownPlan(x []*tensor.Tensor, n int) backend.Executable {
	m.plansMu.Lock()
	defer m.plansMu.Unlock()
	if padded := paddedSize(n); padded > n {
		known := m.paddingOf(x)
		switch {
		case !known.known[n]:
			return nil
		case known.pads[n]:
			n = padded
		}
	}
	m.specs = appendSpecsOf(m.specs[:0], x, n)
	e, _ := m.predict.get(false, m.specs)
	return e
}

// newPlan is planFor with the model held.
func (m *Model) newPlan(x []*tensor.Tensor, n int) (backend.Executable, error) {
	if m.net == nil {
		return nil, errNoNetwork
	}
	if err := m.hold(); err != nil {
		return nil, err
	}
	defer m.traceMu.unlock()
	if padded := paddedSize(n); padded > n {
		ok, err := m.pads(x, n, padded)
		if err != nil {
			return nil, err
		}
		if ok {
			n = padded
		}
	}
	if e := m.knownPlan(x, n); e != nil { // another goroutine was first, or it is padded
		return e, nil
	}
	in := withBatch(specsOf(x), n)
	if err := m.accept(in); err != nil {
		return nil, err
	}
	e, err := m.compile(func(g *graph.Graph) []*graph.Node { return m.tracePredict(g, in) })
	if err != nil {
		return nil, err
	}
	m.plansMu.Lock()
	defer m.plansMu.Unlock()
	m.predict.set(memoSize, false, appendSpecsOf(nil, x, n), e)
	return e, nil
}

// tracePredict traces a prediction for inputs of these specs.
func (m *Model) tracePredict(g *graph.Graph, in []tensor.Spec) []*graph.Node {
	out := m.call(g, in)
	for _, n := range out {
		if n.Rank() == 0 || n.Shape().At(0) != in[0].Shape.At(0) {
			panic(graph.Errorf("output is %v for %d samples: want first axes of the same length", n.Spec(), in[0].Shape.At(0)))
		}
	}
	return out
}

// paddedSize returns the next of 1, 2, 4, ..., predictBatch samples, n if it is larger.
func paddedSize(n int) int {
	if n > predictBatch {
		return n
	}
	return 1 << bits.Len(uint(n-1))
}

// padding records for which batch sizes a batch of the next padded size gives the same
// numbers.
type padding struct{ known, pads [predictBatch]bool }

// pads reports whether n samples like those of x may be padded to a larger batch. The
// graphs for both are compared once for each n. A network that takes n samples need not
// take more.
func (m *Model) pads(x []*tensor.Tensor, n, padded int) (bool, error) {
	m.plansMu.Lock()
	known := m.paddingOf(x)
	done, ok := known.known[n], known.pads[n]
	m.plansMu.Unlock()
	if done {
		return ok, nil
	}
	few, many := withBatch(specsOf(x), n), withBatch(specsOf(x), padded)
	if err := m.accept(few); err != nil {
		return false, err
	}
	a, b := graph.New(), graph.New()
	var fewOut, manyOut []*graph.Node
	if err := graph.Catch(func() { fewOut = m.tracePredict(a, few) }); err != nil {
		return false, err
	}
	err := graph.Catch(func() { manyOut = m.tracePredict(b, many) })
	ok = err == nil && samplewise(a, b, fewOut, manyOut)
	m.plansMu.Lock()
	defer m.plansMu.Unlock()
	known.known[n], known.pads[n] = true, ok
	return ok, nil
}

// paddingOf returns what is known of samples like those of x. The caller holds plansMu.
func (m *Model) paddingOf(x []*tensor.Tensor) *padding {
	m.specs = appendSpecsOf(m.specs[:0], x, 0)
	known, ok := m.padding.get(false, m.specs)
	if !ok {
		known = &padding{}
		m.padding.set(memoSize, false, m.specs, known)
	}
	return known
}

// runPredict predicts for x, which may be fewer samples than the plan takes.
func (m *Model) runPredict(p backend.Executable, out, x []*tensor.Tensor) error {
	n := x[0].Shape().At(0)
	if p.Inputs()[0].Shape.At(0) == n {
		if m.net.IsStateful() {
			return m.weightsMu.change(func() error { return p.Run(out, x) })
		}
		if err := m.weightsMu.read(); err != nil {
			return err
		}
		defer m.weightsMu.RUnlock()
		return p.Run(out, x)
	}
	all, padded := blank(p.Outputs()), blank(p.Inputs())
	for i, t := range x {
		copy(padded[i].Bytes(), t.Bytes())
	}
	if err := m.runPredict(p, all, padded); err != nil {
		return err
	}
	for i, t := range out {
		copy(t.Bytes(), all[i].Bytes())
	}
	return nil
}

// Classes returns the class of the greatest number in each row of predictions, as int64: the
// first of equal ones. It is for the probabilities or logits of several classes, on the last
// axis, and takes what [Model.Predict] returns.
//
// Shapes: predictions [... classes] -> [...]. It returns an error for a last axis of one: of
// one probability, more than 0.5 is the second class.
func Classes(predictions *tensor.Tensor) (*tensor.Tensor, error) {
	if predictions == nil {
		return nil, errors.New("glia: Classes: the predictions are nil")
	}
	s := predictions.Spec()
	if s.Rank() == 0 || s.Shape.At(-1) < 2 || s.DType == tensor.Bool {
		return nil, fmt.Errorf("glia: Classes: predictions are %v: want numbers of two classes or more on the last axis", s)
	}
	n := s.Shape.At(-1)
	classes := tensor.New(tensor.Int64, s.Shape.To(s.Rank()-1).Slice()...)
	numbers := predictions.Float64s()
	for i := range tensor.Data[int64](classes) {
		row, best := numbers[i*n:(i+1)*n], 0
		for k, v := range row {
			if v > row[best] || v != v && row[best] == row[best] {
				best = k
			}
		}
		tensor.Data[int64](classes)[i] = int64(best)
	}
	return classes, nil
}

// ResetStates sets the states of all layers that are [nn.Stateful] to 0, as they are at first:
// the next batch begins a new sequence. It waits for the step or the prediction that runs.
func (m *Model) ResetStates() error {
	if m.net == nil {
		return fmt.Errorf("glia: ResetStates: %w", errNoNetwork)
	}
	err := m.weightsMu.change(func() error {
		return graph.Catch(func() {
			for _, v := range m.net.Memories() {
				v.Clear()
			}
		})
	})
	if err != nil {
		return fmt.Errorf("glia: ResetStates: %w", err)
	}
	return nil
}
