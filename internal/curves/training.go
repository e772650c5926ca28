package curves

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/glia-ml/glia/plot"
)

// training holds the results of glia train.
type training struct {
	Dataset   string  `json:"dataset"`
	Optimizer string  `json:"optimizer"`
	BatchSize int     `json:"batch_size"`
	Epochs    []epoch `json:"epochs"`
}

// picture draws the loss and each metric, beside those in validation.
func (t *training) picture() (*plot.Picture, error) {
	if len(t.Epochs) == 0 {
		return nil, fmt.Errorf("results of glia train: got no epochs, want 1 or more")
	}
	p := &plot.Picture{Title: fmt.Sprintf("%s on %s, batches of %d", t.Optimizer, t.Dataset, t.BatchSize)}
	p.Charts = append(p.Charts, t.chart("loss", (*epoch).loss, (*epoch).valLoss))
	for _, name := range slices.Sorted(maps.Keys(t.Epochs[0].Metrics)) {
		p.Charts = append(p.Charts, t.chart(name,
			func(e *epoch) float64 { return named(e.Metrics, name) },
			func(e *epoch) float64 { return named(e.ValMetrics, name) }))
	}
	return p, nil
}

// chart draws a number of the training, and the one in validation if there is any.
func (t *training) chart(name string, of, validated func(*epoch) float64) plot.Chart {
	c := plot.Chart{Title: name, XLabel: "epoch", YLabel: name}
	c.Curves = append(c.Curves, t.curve(plot.Curve{Name: "training", Color: 1, Dashed: true}, of)) // as plot.Course
	if v := t.curve(plot.Curve{Name: "validation", Color: 2}, validated); slices.ContainsFunc(v.Y, func(y float64) bool { return !math.IsNaN(y) }) {
		c.Curves = append(c.Curves, v)
	}
	return c
}

// curve adds a number, epoch by epoch, to a curve.
func (t *training) curve(c plot.Curve, of func(*epoch) float64) plot.Curve {
	for i := range t.Epochs {
		c.X, c.Y = append(c.X, float64(i+1)), append(c.Y, of(&t.Epochs[i]))
	}
	return c
}
