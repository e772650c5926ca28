package glia

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
)

// outputLoss is the loss of one output of the network.
type outputLoss struct {
	output string
	loss   loss.Loss // nil if the output has none
	weight float64
}

// outputMetric is a metric of one output.
type outputMetric struct {
	name     string // in logs
	output   int
	metric   metric.Metric
	weighted bool
}

// outputLossesOf gives every output its loss.
func outputLossesOf(of loss.Loss, outputs []string) ([]outputLoss, error) {
	losses := make([]outputLoss, len(outputs))
	several, ok := of.(*loss.PerOutputLoss)
	for i, name := range outputs {
		losses[i] = outputLoss{output: name, weight: 1}
		if !ok {
			losses[i].loss = of
		}
	}
	if !ok {
		return losses, nil
	}
	if len(several.Of) == 0 {
		return nil, errors.New("loss.PerOutput of nothing: want the loss of one output or more")
	}
	for _, l := range several.Of {
		_, nested := l.Loss.(*loss.PerOutputLoss)
		i := slices.Index(outputs, l.Output)
		switch {
		case i < 0:
			return nil, fmt.Errorf("loss.PerOutput: no output is named %q: want one of %q", l.Output, outputs)
		case l.Loss == nil:
			return nil, fmt.Errorf("loss.PerOutput: the loss of output %q is nil", l.Output)
		case nested:
			return nil, fmt.Errorf("loss.PerOutput: the loss of output %q is loss.PerOutput: want that of one output", l.Output)
		case losses[i].loss != nil:
			return nil, fmt.Errorf("loss.PerOutput: output %q has two losses: want one", l.Output)
		case math.IsNaN(l.Weight) || math.IsInf(l.Weight, 0):
			return nil, fmt.Errorf("loss.PerOutput: the weight of output %q is %v: want a finite number", l.Output, l.Weight)
		}
		losses[i].loss, losses[i].weight = l.Loss, l.Weight
	}
	return losses, nil
}

// outputMetricsOf gives every output its metrics, with different names: in Keras's order,
// output by output, and those with weights behind all others. These get a prefix where a
// metric without weights has the name.
func outputMetricsOf(metrics []metric.Metric, losses []outputLoss) ([]outputMetric, error) {
	taken := map[string]bool{"loss": true}
	if losses := withLoss(losses); len(losses) > 1 {
		for _, a := range losses {
			taken[a.lossName()] = true
		}
	}
	var all []outputMetric
	for i, x := range metrics {
		some, err := metricsOfOne(x, losses)
		if err != nil {
			return nil, fmt.Errorf("metric %d %w", i, err)
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all, func(a, b outputMetric) int {
		switch {
		case a.weighted == b.weighted:
			return a.output - b.output
		case a.weighted:
			return 1
		}
		return -1
	})
	for i := range all {
		x := &all[i]
		prefix := ""
		if len(losses) > 1 {
			prefix = losses[x.output].output + "_"
		}
		x.name = prefix + x.metric.Name()
		if x.weighted && taken[x.name] {
			x.name = prefix + "weighted_" + x.metric.Name()
		}
		if taken[x.name] {
			return nil, fmt.Errorf("two metrics are named %q: want different names", x.name)
		}
		taken[x.name] = true
	}
	return all, checkNames(taken)
}

// metricsOfOne returns a metric for each output that it is for: one that it names, or all.
func metricsOfOne(x metric.Metric, losses []outputLoss) ([]outputMetric, error) {
	of, output, weighted := metric.Unwrap(x)
	if of == nil {
		return nil, errors.New("is nil")
	}
	var all []outputMetric
	for i, a := range losses {
		if output == "" || output == a.output {
			all = append(all, outputMetric{output: i, metric: of, weighted: weighted})
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("is for output %q: want one of %q", output, outputsOf(losses))
	}
	return all, nil
}

// targetOf returns which of so many targets of samples is that of an output: there is one
// for each output, or for each that has a loss. It is -1 if the output has none.
func (m *compiled) targetOf(output, targets int) int {
	if targets == len(m.outputLosses) {
		return output
	}
	if m.outputLosses[output].loss == nil {
		return -1
	}
	n := 0
	for _, a := range m.outputLosses[:output] {
		if a.loss != nil {
			n++
		}
	}
	return n
}

// outputOf returns the output that one of so many targets is for; beyond the outputs for
// one of a custom step.
func (m *compiled) outputOf(target, targets int) int {
	for i := range m.outputLosses {
		if m.targetOf(i, targets) == target {
			return i
		}
	}
	return len(m.outputLosses)
}

// checkTargets returns an error unless samples may have so many targets.
func (m *compiled) checkTargets(n int) error {
	losses := withLoss(m.outputLosses)
	if n == len(m.outputLosses) || n == len(losses) {
		return nil
	}
	or := ""
	if len(losses) < len(m.outputLosses) {
		or = fmt.Sprintf(", or for each that has a loss, %q", outputsOf(losses))
	}
	return fmt.Errorf("samples have %d targets: want one for each of the model's outputs, %q%s", n, outputsOf(m.outputLosses), or)
}

func outputsOf(losses []outputLoss) (names []string) {
	for _, a := range losses {
		names = append(names, a.output)
	}
	return names
}

// withLoss returns the outputs that have a loss.
func withLoss(losses []outputLoss) []outputLoss {
	return slices.DeleteFunc(slices.Clone(losses), func(a outputLoss) bool { return a.loss == nil })
}

// lossName is the name in logs of the loss of one output of several.
func (a outputLoss) lossName() string { return a.output + "_loss" }

// checkNames returns an error if a metric is named like one of the validation.
func checkNames(names map[string]bool) error {
	for name := range names {
		switch val := "val_" + name; {
		case name == "":
			return errors.New("a metric has an empty name: want one for logs")
		case names[val]:
			return fmt.Errorf("a metric is named %q, as %s of the validation will be: want another name", val, name)
		}
	}
	return nil
}

// logged returns the names of the numbers that a training measures, without the loss, in
// the order of [Result]'s Metrics.
func (c *compiled) logged() (names []string) {
	if losses := withLoss(c.outputLosses); len(losses) > 1 {
		for _, a := range losses {
			names = append(names, a.lossName())
		}
	}
	for _, x := range c.outputMetrics {
		names = append(names, x.name)
	}
	return names
}
