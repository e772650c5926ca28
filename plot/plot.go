// Package plot draws curves with bands around them, as PNG and SVG: the course of one
// training, see [Course], or of many.
//
// The colors can be told apart by people who see no red or no green. The same picture
// gives the same bytes. It links gonum's plot, so programs that draw nothing should not
// import it.
package plot

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"

	"github.com/glia-ml/glia/internal/atomicfile"
)

// Picture holds charts in rows, with one legend for all of them at the right.
type Picture struct {
	Title   string
	Columns int // charts in a row; 0: all
	Charts  []Chart
}

// Chart holds curves on one pair of axes.
type Chart struct {
	Title          string
	XLabel, YLabel string
	// Log makes the Y axis logarithmic. Numbers of 0 or less are gaps then.
	Log    bool
	Curves []Curve

	err error // of what made it
}

// Curve is a line through points. It has a gap where a number is not finite, and is drawn
// over the bands of all curves.
type Curve struct {
	// Name is the curve's name in the legend. Curves of the same name and look share one
	// entry; those without a name have none.
	Name string
	X, Y []float64
	// Low and High are the edges of a band, one for each point; nil: none.
	Low, High []float64
	// Color is the number of a color, counted from 1; 0: that of the curve's place in
	// the chart.
	Color  int
	Dashed bool
}

// Format is a file format.
type Format string

// The formats, which are also how the names of their files end.
const (
	PNG Format = ".png"
	SVG Format = ".svg"
)

// Files returns the names of the files that [Picture.Save] writes for a path: one
// that ends in .png or .svg as it is, both for one without an ending.
func Files(path string) ([]string, error) {
	switch ext := filepath.Ext(path); {
	case path == "":
		return nil, fmt.Errorf("plot: got an empty file name")
	case formatOf(path) == PNG, formatOf(path) == SVG:
		return []string{path}, nil
	case ext == "":
		return []string{path + string(PNG), path + string(SVG)}, nil
	}
	return nil, fmt.Errorf("plot: file name %q: want one that ends in .png or .svg, or has no ending, for both", path)
}

func formatOf(path string) Format { return Format(strings.ToLower(filepath.Ext(path))) }

// Save writes the picture to the [Files] of path: each is there whole or not at all.
// It returns an error if the lists of a curve have different lengths, a chart is the [Course]
// of a number that no epoch has, or a file cannot be written.
func (p *Picture) Save(path string) error {
	files, err := Files(path)
	if err != nil {
		return err
	}
	for _, file := range files {
		err := atomicfile.Write(file, func(w io.Writer) error { return p.Write(w, formatOf(file)) })
		if err != nil {
			return err
		}
	}
	return nil
}

// check returns an error if the picture cannot be drawn.
func (p *Picture) check() error {
	if len(p.Charts) == 0 {
		return fmt.Errorf("plot: got no charts, want 1 or more")
	}
	if p.Columns < 0 {
		return fmt.Errorf("plot: got %d charts in a row, want 1 or more, or 0 for all", p.Columns)
	}
	for i := range p.Charts {
		if err := p.Charts[i].err; err != nil {
			return fmt.Errorf("plot: chart %d %q: %w", i, p.Charts[i].Title, err)
		}
		for j := range p.Charts[i].Curves {
			if err := p.Charts[i].Curves[j].check(); err != nil {
				return fmt.Errorf("plot: chart %d %q: curve %d %q: %w", i, p.Charts[i].Title, j, p.Charts[i].Curves[j].Name, err)
			}
		}
	}
	return nil
}

func (c *Curve) check() error {
	n := len(c.X)
	switch {
	case len(c.Y) != n:
		return fmt.Errorf("%d numbers X, %d Y: want as many", n, len(c.Y))
	case (c.Low == nil) != (c.High == nil):
		return fmt.Errorf("a band with one edge: want Low and High")
	case c.Low != nil && (len(c.Low) != n || len(c.High) != n):
		return fmt.Errorf("%d numbers Low, %d High for %d points: want as many", len(c.Low), len(c.High), n)
	case c.Color < 0:
		return fmt.Errorf("color %d: want 1 or more, or 0", c.Color)
	}
	return nil
}

// shown reports whether a number has a place on an axis.
func shown(v float64, log bool) bool {
	const most = 1e30 // beyond it, differences overflow in the end
	return math.Abs(v) <= most && (!log || v >= 1/most)
}
