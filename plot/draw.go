package plot

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"slices"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Sizes, in points of 1/72 inch, and the points of a PNG to an inch.
const (
	chartWidth  vg.Length = 330
	chartHeight vg.Length = 250
	gap         vg.Length = 14
	titleHeight vg.Length = 24
	dpi                   = 144
)

// Write draws the picture in a format. It returns an error for another format than [PNG] or
// [SVG], and as [Picture.Save] does.
func (p *Picture) Write(w io.Writer, f Format) error {
	if err := p.check(); err != nil {
		return err
	}
	width, height := p.size()
	switch f {
	case PNG:
		c := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi))
		p.draw(draw.New(c))
		_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
		return err
	case SVG:
		c := vgsvg.New(width, height)
		p.draw(draw.New(c))
		var b bytes.Buffer
		if _, err := c.WriteTo(&b); err != nil {
			return err
		}
		_, err := w.Write(withFallback(b.Bytes()))
		return err
	}
	return fmt.Errorf("plot: format %q: want %s or %s", f, PNG, SVG)
}

// withFallback names other fonts, of the same widths, for systems without Liberation's.
func withFallback(svg []byte) []byte {
	return bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
}

func (p *Picture) grid() (rows, columns int) {
	columns = p.Columns
	if columns == 0 {
		columns = len(p.Charts)
	}
	columns = min(columns, len(p.Charts))
	return (len(p.Charts) + columns - 1) / columns, columns
}

func (p *Picture) size() (width, height vg.Length) {
	rows, columns := p.grid()
	width = vg.Length(columns)*(chartWidth+gap) + gap + p.legendWidth()
	height = vg.Length(rows)*(chartHeight+gap) + gap
	if p.Title != "" {
		height += titleHeight
	}
	return width, height
}

// draw draws title, charts and legend on a canvas of the picture's size.
func (p *Picture) draw(c draw.Canvas) {
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	if p.Title != "" {
		style := gonum.New().Title.TextStyle
		style.Font = fontOf(13)
		c.FillText(style, vg.Point{X: c.Center().X, Y: c.Max.Y - gap/2}, p.Title)
		c.Max.Y -= titleHeight
	}
	if w := p.legendWidth(); w > 0 {
		legend := p.legend()
		legend.Draw(draw.Crop(c, c.Max.X-c.Min.X-w, 0, 0, -gap))
		c.Max.X -= w
	}
	rows, columns := p.grid()
	plots := make([][]*gonum.Plot, rows)
	for i := range plots {
		plots[i] = make([]*gonum.Plot, columns)
	}
	for i := range p.Charts {
		plots[i/columns][i%columns] = p.Charts[i].plot()
	}
	tiles := draw.Tiles{Rows: rows, Cols: columns, PadX: gap, PadY: gap, PadLeft: gap, PadRight: gap, PadTop: gap, PadBottom: gap}
	for i, row := range gonum.Align(plots, tiles, c) {
		for j, cell := range row {
			if plots[i][j] != nil {
				plots[i][j].Draw(cell)
			}
		}
	}
}

// plot returns the chart as gonum has it.
func (ch *Chart) plot() *gonum.Plot {
	p := gonum.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = ch.Title, ch.XLabel, ch.YLabel
	p.Title.TextStyle.Font, p.Title.Padding = fontOf(12), 4
	for _, a := range []*gonum.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font, a.Tick.Label.Font = fontOf(10), fontOf(9)
		a.Label.Padding, a.Tick.Length, a.Padding = 3, 4, 3
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{0xdd}, color.Gray{0xdd}
	p.Add(grid)
	xs, ys := newExtent(), newExtent()
	var bands, lines []gonum.Plotter
	for i := range ch.Curves {
		c := &ch.Curves[i]
		d := drawn{Curve: c, look: c.look(i), log: ch.Log}
		d.extend(&xs, &ys)
		lines = append(lines, d)
		if c.Low != nil {
			d.ofBand = true
			d.extend(&xs, &ys)
			bands = append(bands, d)
		}
	}
	p.Add(append(bands, lines...)...) // no band hides a line
	xs.widened(false).set(&p.X, false)
	ys.widened(ch.Log).set(&p.Y, ch.Log)
	return p
}

// legend returns the names of all curves, each once.
func (p *Picture) legend() gonum.Legend {
	l := gonum.NewLegend()
	l.Top, l.Left, l.Padding = true, true, 4
	l.TextStyle.Font = fontOf(10)
	type entry struct {
		name   string
		color  int
		dashed bool
	}
	var seen []entry
	for i := range p.Charts {
		for j := range p.Charts[i].Curves {
			c := &p.Charts[i].Curves[j]
			look := c.look(j)
			e := entry{c.Name, look.color, look.dashed}
			if c.Name == "" || slices.Contains(seen, e) {
				continue
			}
			seen = append(seen, e)
			l.Add(c.Name, look)
		}
	}
	return l
}

// legendWidth returns how much of the picture's width the legend takes.
func (p *Picture) legendWidth() vg.Length {
	l := p.legend()
	r := l.Rectangle(draw.Canvas{})
	if w := r.Max.X - r.Min.X; w > 0 {
		return w + 2*gap
	}
	return 0
}

func fontOf(size vg.Length) font.Font {
	return font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size)
}
