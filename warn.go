package glia

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Warn sends warnings to f: sentences about what is allowed, but likely a mistake, such as a
// cross-entropy of probabilities on a last layer without activation. With nil there are none.
//
// Without this option they are lines of [Progress], or go to slog.Default() if there is no
// progress. A model gives each warning once, until it is compiled again.
func Warn(f func(warning string)) Option {
	return anyOption("Warn", func(c *config) {
		if c.warn = f; f == nil {
			c.warn = func(string) {}
		}
	})
}

// warnTo returns where warnings go by default.
func warnTo(progress io.Writer) func(string) {
	if progress == nil {
		return func(warning string) { slog.Default().Warn("glia: " + warning) }
	}
	return func(warning string) { fmt.Fprintf(progress, "Warning: %s\n", warning) }
}

// warnOnce gives warnings to f that were not given since Compile.
func (c *compiled) warnOnce(f func(string), warnings ...string) {
	for _, text := range warnings {
		if _, known := c.warned.LoadOrStore(text, true); !known {
			f(plaintext.Text(text))
		}
	}
}

// doubts returns warnings about losses and metrics that likely do not go with the outputs
// that they measure, for inputs and targets of these specs, and an error for an output that is
// always 1. The caller holds traceMu.
func (m *Model) doubts(c *compiled, x, y []tensor.Spec) (warnings []string, err error) {
	var pred []*graph.Node
	if err := graph.Catch(func() { pred = m.call(graph.New(), m.concrete(x)) }); err != nil {
		return nil, err
	}
	add := func(output int, text string) {
		switch {
		case text == "":
		case len(c.outputLosses) > 1:
			warnings = append(warnings, fmt.Sprintf("output %s: %s", c.outputLosses[output].output, text))
		default:
			warnings = append(warnings, text)
		}
	}
	for i, a := range c.outputLosses {
		if a.loss == nil || i >= len(pred) {
			continue
		}
		if s, ok := pred[i].Op.(ops.SoftmaxOp); ok && pred[i].Rank() == 2 && pred[i].Shape().At(s.Axis) == 1 {
			return nil, fmt.Errorf("output %s is a softmax over one number, which is always 1: want nn.Sigmoid, or an output for each class", a.output)
		}
		add(i, loss.Doubt(a.loss, pred[i]))
	}
	for _, of := range c.outputMetrics {
		target := c.targetOf(of.output, len(y))
		if of.output < len(pred) && target >= 0 && target < len(y) {
			logits := c.outputLosses[of.output].loss != nil && loss.TakesLogits(c.outputLosses[of.output].loss)
			add(of.output, metric.Doubt(of.metric, y[target], pred[of.output], logits))
		}
	}
	return warnings, nil
}
