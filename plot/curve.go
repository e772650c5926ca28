package plot

import (
	"image/color"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// colors can be told apart by people who see no red or no green, on white.
//
// Source: Okabe, Ito 2008, "Color Universal Design", without its yellow.
var colors = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, // blue
	{0xd5, 0x5e, 0x00, 0xff}, // vermilion
	{0x00, 0x9e, 0x73, 0xff}, // green
	{0xcc, 0x79, 0xa7, 0xff}, // purple
	{0xe6, 0x9f, 0x00, 0xff}, // orange
	{0x56, 0xb4, 0xe9, 0xff}, // sky blue
	{0x00, 0x00, 0x00, 0xff}, // black
}

// patterns are the lines of the first round through the colors, the second and so
// on; dashes are those of a curve that is Dashed.
var (
	patterns = [][]vg.Length{nil, {1.5, 2}, {9, 2, 2, 2}, {9, 2, 2, 2, 2, 2}}
	dashes   = []vg.Length{5, 3}
)

// look is how a curve is drawn.
type look struct {
	color  int // from 0
	dashed bool
	band   bool
}

func (l look) rgb() color.NRGBA { return colors[l.color%len(colors)] }

func (l look) line() draw.LineStyle {
	s := draw.LineStyle{Color: l.rgb(), Width: 1.4, Dashes: patterns[l.color/len(colors)%len(patterns)]}
	if l.dashed {
		s.Dashes = dashes
	}
	return s
}

func (l look) shade() color.NRGBA {
	c := l.rgb()
	c.A = 0x30
	return c
}

// Thumbnail draws the look's sample for the legend.
func (l look) Thumbnail(c *draw.Canvas) {
	if l.band {
		corners := []vg.Point{c.Min, {X: c.Min.X, Y: c.Max.Y}, c.Max, {X: c.Max.X, Y: c.Min.Y}}
		c.FillPolygon(l.shade(), corners)
	}
	c.StrokeLine2(l.line(), c.Min.X, c.Center().Y, c.Max.X, c.Center().Y)
}

// look returns how the i-th curve of a chart is drawn.
func (c *Curve) look(i int) look {
	l := look{color: i, dashed: c.Dashed, band: c.Low != nil}
	if c.Color > 0 {
		l.color = c.Color - 1
	}
	return l
}

// drawn is a curve in a chart, or its band.
type drawn struct {
	*Curve
	look
	log    bool
	ofBand bool
}

// Plot draws the curve, or its band.
func (d drawn) Plot(c draw.Canvas, p *gonum.Plot) {
	x, y := p.Transforms(&c)
	for _, run := range d.runs() {
		var line, back []vg.Point
		for i := run.from; i < run.to; i++ {
			if d.ofBand {
				line = append(line, vg.Point{X: x(d.X[i]), Y: y(d.High[i])})
				back = append(back, vg.Point{X: x(d.X[i]), Y: y(d.Low[i])})
				continue
			}
			line = append(line, vg.Point{X: x(d.X[i]), Y: y(d.Y[i])})
		}
		switch {
		case d.ofBand && len(line) == 1:
			c.StrokeLines(draw.LineStyle{Color: d.shade(), Width: 4}, append(line, back...))
		case d.ofBand:
			for i := len(back) - 1; i >= 0; i-- {
				line = append(line, back[i])
			}
			c.FillPolygon(d.shade(), line)
		case len(line) == 1: // no line goes through one point
			c.DrawGlyph(draw.GlyphStyle{Color: d.rgb(), Radius: 2.5, Shape: draw.CircleGlyph{}}, line[0])
		default:
			c.StrokeLines(d.line(), line)
		}
	}
}

// run is points that lie on the axes, one behind the other.
type run struct{ from, to int }

func (d drawn) runs() (runs []run) {
	from := -1
	for i := 0; i <= len(d.X); i++ {
		in := i < len(d.X) && d.has(i)
		if in && from < 0 {
			from = i
		}
		if !in && from >= 0 {
			runs = append(runs, run{from, i})
			from = -1
		}
	}
	return runs
}

// has reports whether point i, or the band at it, lies on the axes.
func (d drawn) has(i int) bool {
	if d.ofBand {
		return shown(d.X[i], false) && shown(d.Low[i], d.log) && shown(d.High[i], d.log)
	}
	return shown(d.X[i], false) && shown(d.Y[i], d.log)
}

// extend widens the extents of the axes to the lines drawn.
func (d drawn) extend(x, y *extent) {
	for i := range d.X {
		if !d.has(i) {
			continue
		}
		x.add(d.X[i])
		if d.ofBand {
			y.add(d.Low[i])
			y.add(d.High[i])
			continue
		}
		y.add(d.Y[i])
	}
}
