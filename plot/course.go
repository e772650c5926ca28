package plot

import "github.com/glia-ml/glia"

// Course returns a chart of a number by epochs, "loss" or the name of a metric: that of
// training dashed, that of the validation, in epochs that have one, solid. Epochs in which
// the number is not known are gaps. The chart of no history, nil, has no points.
func Course(h *glia.History, name string) Chart {
	train, validation := Curve{Name: "training", Color: 1, Dashed: true}, Curve{Name: "validation", Color: 2}
	if h == nil {
		h = &glia.History{}
	}
	for _, e := range h.Epochs {
		train.add(float64(e.Epoch), e.Get(name))
		if e.Validation != nil {
			validation.add(float64(e.Epoch), e.Validation.Get(name))
		}
	}
	c := Chart{XLabel: "epoch", YLabel: name, Curves: []Curve{train}}
	if len(validation.X) > 0 {
		c.Curves = append(c.Curves, validation)
	}
	return c
}

// add appends a point.
func (c *Curve) add(x, y float64) { c.X, c.Y = append(c.X, x), append(c.Y, y) }
