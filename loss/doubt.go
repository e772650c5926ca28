package loss

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// form says what predictions are, by the operation that makes them, or what a loss takes.
type form uint8

const (
	anyForm       form = iota // not known, or of no matter
	scores                    // of any size: logits
	independent               // a sigmoid: probabilities, each by itself
	distribution              // a softmax: probabilities that sum to 1
	probabilities             // one of the two
)

// taker is a loss that takes predictions of one form.
type taker interface {
	Loss
	takes() form
}

func (l *BinaryCrossentropyLoss) takes() form               { return l.or(independent) }
func (l *BinaryFocalCrossentropyLoss) takes() form          { return l.or(independent) }
func (l *CategoricalCrossentropyLoss) takes() form          { return l.or(distribution) }
func (*CategoricalGeneralizedCrossEntropyLoss) takes() form { return distribution }
func (*KLDivergenceLoss) takes() form                       { return probabilities }
func (*DiceLoss) takes() form                               { return probabilities }
func (*TverskyLoss) takes() form                            { return probabilities }

func (l *CategoricalFocalCrossentropyLoss) takes() form { return l.or(distribution) }

func (l *SparseCategoricalCrossentropyLoss) takes() form {
	if l.FromLogits {
		return scores
	}
	return distribution
}

// or returns scores for a cross-entropy from logits, else the form given.
func (c *CrossentropyConfig) or(f form) form {
	if c.FromLogits {
		return scores
	}
	return f
}

// TakesLogits reports whether a loss takes predictions for logits.
func TakesLogits(l Loss) bool {
	t, ok := l.(taker)
	return ok && t.takes() == scores
}

// IsScores reports whether predictions are certain to be no probabilities: the last operation
// of the network is that of a layer without activation, or an activation whose range is wider
// than 0 to 1.
func IsScores(yPred *graph.Node) bool { return formOf(yPred) == scores }

// IsProbabilities reports whether predictions are certain to be from 0 to 1: those of a
// sigmoid or a softmax.
func IsProbabilities(yPred *graph.Node) bool {
	f := formOf(yPred)
	return f == independent || f == distribution
}

// formOf returns what predictions are.
func formOf(p *graph.Node) form {
	switch op := p.Op.(type) {
	case ops.CastOp:
		if p.In[0].DType().IsFloat() {
			return formOf(p.In[0])
		}
	case ops.SigmoidOp:
		return independent
	case ops.SoftmaxOp, ops.SparsemaxOp:
		return distribution
	case ops.ReshapeOp:
		if f := formOf(p.In[0]); f != distribution || op.Shape.Rank() > 0 && p.Shape().At(-1) == p.In[0].Shape().At(-1) {
			return f
		}
	case ops.AddOp:
		if isVar(p.In[0]) || isVar(p.In[1]) { // a bias
			return scores
		}
	case ops.MatMulOp, ops.ReluOp, ops.LeakyReluOp, ops.EluOp, ops.SeluOp, ops.GeluOp, ops.GeluTanhOp, ops.SiluOp,
		ops.TanhOp, ops.SoftplusOp, ops.SoftsignOp, ops.LogSoftmaxOp:
		return scores
	}
	return anyForm
}

// isVar reports whether a node is the value of a variable, which may be converted.
func isVar(n *graph.Node) bool {
	if _, ok := n.Op.(ops.CastOp); ok {
		n = n.In[0]
	}
	_, ok := n.Op.(graph.VarOp)
	return ok
}

// Doubt returns, in words, why the loss of predictions is likely a mistake although it can be
// computed, and the cure; "" if it is not. It knows the losses of this package, and goes by
// the operation that makes the predictions.
func Doubt(l Loss, yPred *graph.Node) string {
	name := "loss." + ClassOf(l)
	is := formOf(yPred)
	if is == distribution && regresses(l) {
		return fmt.Sprintf("%s of a softmax learns classes slowly: want loss.CategoricalCrossentropy, or loss.SparseCategoricalCrossentropy for class numbers", name)
	}
	t, ok := l.(taker)
	if !ok || is == anyForm {
		return ""
	}
	wants, activation := t.takes(), map[form]string{independent: "sigmoid", distribution: "softmax"}[is]
	switch {
	case wants == scores && is != scores:
		return fmt.Sprintf("%s with FromLogits takes raw scores, but the output is a %s: want no FromLogits, or no activation in the last layer", name, activation)
	case wants != scores && is == scores:
		cure := "nn.Softmax"
		if wants == independent {
			cure = "nn.Sigmoid"
		}
		if _, ok := l.(interface{ fromLogits() }); ok {
			cure = "loss.FromLogits, or " + cure
		}
		return fmt.Sprintf("%s takes probabilities, but the output is raw scores: want %s in the last layer", name, cure)
	case wants == independent && is == distribution:
		return fmt.Sprintf("%s takes each output by itself, but the output is a softmax over classes: want loss.CategoricalCrossentropy, loss.SparseCategoricalCrossentropy for class numbers, or nn.Sigmoid in the last layer", name)
	case wants == distribution && is == independent:
		return fmt.Sprintf("%s takes probabilities that sum to 1, but the output is a sigmoid: want nn.Softmax in the last layer, or loss.BinaryCrossentropy for labels that may hold together", name)
	}
	return ""
}

// fromLogits marks losses with the option [FromLogits].
func (*CrossentropyConfig) fromLogits()                {}
func (*SparseCategoricalCrossentropyLoss) fromLogits() {}

// regresses reports whether a loss is a distance of numbers.
func regresses(l Loss) bool {
	switch l.(type) {
	case *MeanSquaredErrorLoss, *MeanAbsoluteErrorLoss, *MeanAbsolutePercentageErrorLoss, *MeanSquaredLogarithmicErrorLoss, *HuberLoss, *LogCoshLoss:
		return true
	}
	return false
}

// wantSeveral panics unless predictions are of several classes along an axis.
func wantSeveral(loss string, yPred *graph.Node, axis int) {
	if yPred.Shape().At(axis) == 1 {
		panic(graph.Errorf("loss.%s: predictions %v are of one class, whose share is always 1: want an output for each class, or loss.BinaryCrossentropy", loss, yPred.Spec()))
	}
}
