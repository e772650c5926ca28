package plot

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glia-ml/glia"
)

// Course returns a chart of a number by epochs, "loss" or the name of a metric: that of
// training dashed, that of the validation, in epochs that have one, solid. Epochs in which
// the number is not known are gaps. The chart of no history, nil, or of one without epochs has
// no points. [Picture.Save] returns an error that lists the names if there are epochs, but none
// has a number of that name.
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
	if names := namesOf(h); len(names) > 0 && !slices.Contains(names, name) {
		c.err = fmt.Errorf("Course: no epoch has %q: want one of %s", name, strings.Join(names, ", "))
	}
	return c
}

// namesOf returns the names of the numbers in the epochs, those of the validation without its
// prefix.
func namesOf(h *glia.History) []string {
	var names []string
	for _, name := range h.Names() {
		if name = strings.TrimPrefix(name, "val_"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// add appends a point.
func (c *Curve) add(x, y float64) { c.X, c.Y = append(c.X, x), append(c.Y, y) }
