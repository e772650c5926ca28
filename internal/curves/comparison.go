package curves

import (
	"fmt"
	"math"
	"strconv"

	"github.com/glia-ml/glia/plot"
)

// comparison holds the results of glia compare.
type comparison struct {
	Dataset         string  `json:"dataset"`
	ValidationSplit float64 `json:"validation_split"`
	BatchSize       int     `json:"batch_size"`
	Trials          []trial `json:"trials"`
}

// trial is an optimizer with a learning rate, trained once a seed.
type trial struct {
	Optimizer    string  `json:"optimizer"`
	LearningRate float64 `json:"learning_rate"`
	Best         bool    `json:"best"`
	Runs         []struct {
		Epochs []epoch `json:"epochs"`
	} `json:"runs"`
}

// picture draws the best trial of every optimizer.
func (c *comparison) picture() (*plot.Picture, error) {
	loss := plot.Chart{Title: "Training loss", XLabel: "epoch", YLabel: "loss", Log: true}
	accuracy := plot.Chart{Title: "Validation accuracy", XLabel: "epoch", YLabel: "accuracy"}
	of := func(e *epoch) float64 { return named(e.ValMetrics, "accuracy") }
	if c.ValidationSplit == 0 {
		accuracy.Title = "Training accuracy"
		of = func(e *epoch) float64 { return named(e.Metrics, "accuracy") }
	}
	seeds := 0
	for i := range c.Trials {
		if t := &c.Trials[i]; t.Best {
			loss.Curves = append(loss.Curves, t.curve((*epoch).loss))
			accuracy.Curves = append(accuracy.Curves, t.curve(of))
			seeds = max(seeds, len(t.Runs))
		}
	}
	if seeds == 0 {
		return nil, fmt.Errorf("results of glia compare: got no training, want 1 or more")
	}
	title := fmt.Sprintf("Optimizers on %s, batches of %d", c.Dataset, c.BatchSize)
	if seeds > 1 {
		title += fmt.Sprintf(": mean and range of %d seeds", seeds)
	}
	return &plot.Picture{Title: title, Charts: []plot.Chart{loss, accuracy}}, nil
}

// curve returns the mean of a number over the runs, epoch by epoch, with a band from
// the least to the greatest. An epoch that a run did not reach has no point.
func (t *trial) curve(of func(*epoch) float64) plot.Curve {
	c := plot.Curve{Name: t.Optimizer + " " + strconv.FormatFloat(t.LearningRate, 'g', -1, 64)}
	for i := range t.epochs() {
		mean, low, high := 0.0, math.Inf(1), math.Inf(-1)
		for r := range t.Runs {
			v := math.NaN()
			if e := t.Runs[r].Epochs; i < len(e) {
				v = of(&e[i])
			}
			mean += v / float64(len(t.Runs))
			low, high = min(low, v), max(high, v)
		}
		c.X, c.Y = append(c.X, float64(i+1)), append(c.Y, mean)
		if len(t.Runs) > 1 {
			c.Low, c.High = append(c.Low, low), append(c.High, high)
		}
	}
	return c
}

// epochs returns the number of epochs of the longest run.
func (t *trial) epochs() (n int) {
	for _, r := range t.Runs {
		n = max(n, len(r.Epochs))
	}
	return n
}
