package main

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/plot"
)

// picture draws the best trial of every optimizer.
func (k *comparison) picture(rec *compareRecord, trials []*trial, best map[*rule]*trial) *plot.Picture {
	loss := plot.Chart{Title: "Training loss", XLabel: "epoch", YLabel: "loss", Log: true}
	accuracy := plot.Chart{Title: "Validation accuracy", XLabel: "epoch", YLabel: "accuracy"}
	of := func(e glia.Epoch) float64 { return e.Validation.Get("accuracy") }
	if k.validation == 0 {
		accuracy.Title = "Training accuracy"
		of = func(e glia.Epoch) float64 { return e.Get("accuracy") }
	}
	for _, t := range trials {
		if best[t.rule] == t {
			loss.Curves = append(loss.Curves, t.curve(k.epochs, func(e glia.Epoch) float64 { return e.Loss }))
			accuracy.Curves = append(accuracy.Curves, t.curve(k.epochs, of))
		}
	}
	title := fmt.Sprintf("Optimizers on %s, batches of %d", rec.Dataset, rec.BatchSize)
	if k.seeds > 1 {
		title += fmt.Sprintf(": mean and range of %d seeds", k.seeds)
	}
	return &plot.Picture{Title: title, Charts: []plot.Chart{loss, accuracy}}
}

// curve returns the mean of a number over the seeds, epoch by epoch, with a band
// around it from the least to the greatest.
func (t *trial) curve(epochs int, of func(glia.Epoch) float64) plot.Curve {
	c := plot.Curve{Name: fmt.Sprintf("%s %v", t.name, t.lr)}
	for e := range epochs {
		s := t.over(func(r *trialRun) float64 {
			if e >= len(r.epochs) {
				return math.NaN()
			}
			return of(r.epochs[e])
		})
		c.X, c.Y = append(c.X, float64(e+1)), append(c.Y, s.mean)
		if s.n > 1 {
			c.Low, c.High = append(c.Low, s.least), append(c.High, s.most)
		}
	}
	return c
}
