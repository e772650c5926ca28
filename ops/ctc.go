package ops

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// CTCLoss returns, for every sequence of a batch, -ln of the probability that its
// symbols spell the labels: the sum over all alignments, which at every time emit a
// label, again the one before, or the blank, symbol 0. Two equal labels have a blank
// between them.
//
// An alignment may begin later in the labels, or skip that blank, at a cost of 1e5 each: a
// sequence that is too short for its labels has a large loss, as in Keras, not an infinite
// one. A length below 0 or beyond the tensor, and a label that is not a symbol, give NaN.
//
// Shapes: logProbs [B T C], labels [B L], labelLengths and inputLengths [B] -> [B].
// DTypes: logProbs float, computed in float64; the others integers. Gradient:
// logProbs. Panics with *graph.Error if a shape or dtype differs from this.
//
// Source: Graves et al. 2006, "Connectionist Temporal Classification", section 4.
func CTCLoss(logProbs, labels, labelLengths, inputLengths *graph.Node) *graph.Node {
	return graph.Apply(CTCLossOp{}, logProbs, labels, labelLengths, inputLengths)
}

// CTCLossOp is the operation behind [CTCLoss].
type CTCLossOp struct{}

// Name implements graph.Op.
func (CTCLossOp) Name() string { return "CTCLoss" }

// Primitive implements [Primitive].
func (CTCLossOp) Primitive() {}

// Infer implements graph.Op.
func (CTCLossOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if err := checkCTC(in); err != nil {
		return nil, err
	}
	return one(in[0].DType, in[0].Shape.To(1))
}

// checkCTC returns an error unless [CTCLoss] takes the inputs.
func checkCTC(in []tensor.Spec) error {
	x, labels := in[0], in[1]
	if err := wantFloat("logProbs", x); err != nil {
		return err
	}
	for i, name := range []string{"labels", "labelLengths", "inputLengths"} {
		if err := wantInt(name, in[i+1]); err != nil {
			return err
		}
	}
	if x.Rank() != 3 || labels.Rank() != 2 || x.Shape.At(0) != labels.Shape.At(0) || x.Shape.At(2) < 1 {
		return fmt.Errorf("logProbs %v, labels %v: want [batch times symbols] and [batch labels]", x.Shape, labels.Shape)
	}
	for i, name := range []string{"labelLengths", "inputLengths"} {
		if in[i+2].Shape != x.Shape.To(1) {
			return fmt.Errorf("%s %v: want %v", name, in[i+2].Shape, x.Shape.To(1))
		}
	}
	return nil
}

// Ref implements [Referenced].
func (CTCLossOp) Ref(out, in []Array) {
	for b := range out[0].V {
		out[0].V[b] = math.NaN()
		if a := alignmentOf(in, b); a != nil {
			out[0].V[b] = -a.logZ
		}
	}
}

// VJP: the slope is the alignment with a minus sign.
func (CTCLossOp) VJP(n, dy *graph.Node) []*graph.Node {
	a := graph.Apply(CTCAlignmentOp{}, n.In...)
	return []*graph.Node{Mul(a, ExpandDims(Neg(dy), 1, 2)), nil, nil, nil}
}

// CTCAlignmentOp is the probability with which every symbol stands at every time in an
// alignment of the labels, given that they are spelt: the gradient of ln of that
// probability. Inputs are those of [CTCLoss], the result is [B T C].
type CTCAlignmentOp struct{}

// Name implements graph.Op.
func (CTCAlignmentOp) Name() string { return "CTCAlignment" }

// Primitive implements [Primitive].
func (CTCAlignmentOp) Primitive() {}

// Infer implements graph.Op.
func (CTCAlignmentOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return in[:1], checkCTC(in)
}

// Ref implements [Referenced].
func (CTCAlignmentOp) Ref(out, in []Array) {
	for b := range in[0].Shape.At(0) {
		dst := row(out[0], b)
		if a := alignmentOf(in, b); a == nil {
			fill(dst, math.NaN())
		} else {
			a.each(func(t, s, k int) { dst[t*a.symbols+k] += a.posterior(t, s) })
		}
	}
}

// VJP: the slope is a covariance, which is symmetric.
func (CTCAlignmentOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Apply(CTCAlignmentGradOp{}, append(n.In[:4:4], dy)...), nil, nil, nil}
}

// CTCAlignmentGradOp is the covariance, over the alignments, of the symbols at every
// time with Σ dy: the gradient of [CTCAlignmentOp]. The last input is dy [B T C].
type CTCAlignmentGradOp struct{}

// Name implements graph.Op.
func (CTCAlignmentGradOp) Name() string { return "CTCAlignmentGrad" }

// Primitive implements [Primitive].
func (CTCAlignmentGradOp) Primitive() {}

// Infer implements graph.Op.
func (CTCAlignmentGradOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if err := checkCTC(in); err != nil {
		return nil, err
	}
	if in[4] != in[0] {
		return nil, fmt.Errorf("dy is %v: want %v", in[4], in[0])
	}
	return in[:1], nil
}

// Ref implements [Referenced].
func (CTCAlignmentGradOp) Ref(out, in []Array) {
	for b := range in[0].Shape.At(0) {
		dst := row(out[0], b)
		a := alignmentOf(in, b)
		if a == nil {
			fill(dst, math.NaN())
			continue
		}
		forward, backward := a.sums(row(in[4], b))
		var mean float64 // of Σ dy
		for s := range a.states {
			mean += math.Exp(a.alpha[a.times][s]+a.beta[a.times][s]-a.logZ) * forward[a.times][s]
		}
		a.each(func(t, s, k int) {
			dst[t*a.symbols+k] += a.posterior(t, s) * (forward[t+1][s] + backward[t+1][s] - mean)
		})
	}
}

// row returns the elements of sequence b of a tensor [B ...].
func row(a Array, b int) []float64 {
	n := a.Shape.From(1).Size()
	return a.V[b*n : (b+1)*n]
}

// alignment is the forward-backward reference for one sequence. State 2n+1 is label n,
// state 2n the blank before it. Alpha[t][s] is ln of the probability of the symbols
// emitted before time t, being in state s; beta[t][s] that of the symbols from t on.
type alignment struct {
	logp                   []float64
	labels                 []float64
	times, symbols, states int
	alpha, beta            [][]float64
	logZ                   float64
}

// ctcCost is ln of the weight of a forbidden alignment.
const ctcCost = -1e5

// alignmentOf returns the alignment of a sequence, nil if a length or a label is invalid.
func alignmentOf(in []Array, b int) *alignment {
	count, times := int(in[2].V[b]), int(in[3].V[b])
	if count < 0 || count > in[1].Shape.At(1) || times < 0 || times > in[0].Shape.At(1) {
		return nil
	}
	a := &alignment{logp: row(in[0], b), labels: row(in[1], b)[:count], times: times, symbols: in[0].Shape.At(2), states: 2*count + 1}
	for _, l := range a.labels {
		if l < 0 || int(l) >= a.symbols {
			return nil
		}
	}
	for range times + 1 {
		a.alpha, a.beta = append(a.alpha, make([]float64, a.states)), append(a.beta, make([]float64, a.states))
	}
	fill(a.alpha[0], ctcCost)
	a.alpha[0][0] = 0
	fill(a.beta[times], math.Inf(-1))
	for s := max(0, a.states-2); s < a.states; s++ {
		a.beta[times][s] = 0
	}
	for t := range times {
		for s := range a.states {
			a.alpha[t+1][s] = a.emit(t, s) + logSum(a.states, func(from int) float64 { return a.alpha[t][from] + a.move(from, s) })
		}
	}
	for t := times - 1; t >= 0; t-- {
		for s := range a.states {
			a.beta[t][s] = logSum(a.states, func(to int) float64 { return a.beta[t+1][to] + a.move(s, to) + a.emit(t, to) })
		}
	}
	a.logZ = logSum(a.states, func(s int) float64 { return a.alpha[times][s] + a.beta[times][s] })
	return a
}

// symbol returns the symbol that a state emits.
func (a *alignment) symbol(s int) int {
	if s%2 == 0 {
		return 0
	}
	return int(a.labels[s/2])
}

func (a *alignment) emit(t, s int) float64 { return a.logp[t*a.symbols+a.symbol(s)] }

// move returns ln of the weight of a move from one state to another.
func (a *alignment) move(from, to int) float64 {
	switch {
	case to == from, to == from+1:
		return 0
	case to != from+2 || to%2 == 0:
		return math.Inf(-1)
	case a.symbol(from) == a.symbol(to):
		return ctcCost
	}
	return 0
}

// posterior returns the probability of being in a state at a time.
func (a *alignment) posterior(t, s int) float64 {
	return math.Exp(a.alpha[t+1][s] + a.beta[t+1][s] - a.logZ)
}

// each calls f for every time and state with the state's symbol.
func (a *alignment) each(f func(t, s, k int)) {
	for t := range a.times {
		for s := range a.states {
			f(t, s, a.symbol(s))
		}
	}
}

// sums returns the expected sums of v over the symbols that alignments emit before a time,
// and from it on, given the state.
func (a *alignment) sums(v []float64) (forward, backward [][]float64) {
	for range a.times + 1 {
		forward, backward = append(forward, make([]float64, a.states)), append(backward, make([]float64, a.states))
	}
	mean := func(weight, value func(s int) float64) (sum float64) {
		total := logSum(a.states, weight)
		for s := range a.states {
			if w := math.Exp(weight(s) - total); w > 0 {
				sum += w * value(s)
			}
		}
		return sum
	}
	for t := range a.times {
		for s := range a.states {
			forward[t+1][s] = v[t*a.symbols+a.symbol(s)] + mean(
				func(from int) float64 { return a.alpha[t][from] + a.move(from, s) },
				func(from int) float64 { return forward[t][from] })
		}
	}
	for t := a.times - 1; t >= 0; t-- {
		for s := range a.states {
			backward[t][s] = mean(
				func(to int) float64 { return a.beta[t+1][to] + a.move(s, to) + a.emit(t, to) },
				func(to int) float64 { return v[t*a.symbols+a.symbol(to)] + backward[t+1][to] })
		}
	}
	return forward, backward
}

// logSum returns ln Σ e^f(i).
func logSum(n int, f func(i int) float64) float64 {
	top := math.Inf(-1)
	for i := range n {
		top = max(top, f(i))
	}
	if math.IsInf(top, 0) {
		return top
	}
	var sum float64
	for i := range n {
		sum += math.Exp(f(i) - top)
	}
	return top + math.Log(sum)
}
