package diagram

import (
	"bufio"
	"fmt"
	"html"
	"io"
)

// SVG writes a picture of boxes and edges. Text is drawn as it is, but for what does not print,
// and no more than 60 bytes of a line. It panics if an edge does not lead from a box to one with
// a larger number.
func SVG(w io.Writer, title string, boxes []Box, edges []Edge) error {
	for _, e := range edges {
		if e.From < 0 || e.From >= e.To || e.To >= len(boxes) {
			panic(fmt.Sprintf("diagram: SVG: edge %v of %d boxes", e, len(boxes)))
		}
	}
	l := arrange(boxes, edges)
	out := bufio.NewWriter(w)
	height := margin
	if n := len(l.top); n > 0 {
		height = l.top[n-1] + l.height[n-1] + margin
	}
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="monospace" font-size="12">`+"\n", l.width, height, l.width, height)
	fmt.Fprintf(out, "<title>%s</title>\n", html.EscapeString(shown(title)))
	fmt.Fprintf(out, `<rect width="100%%" height="100%%" fill="white"/>`+"\n")
	fmt.Fprintf(out, `<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>`+"\n")
	fmt.Fprintf(out, `<g fill="none" stroke="#555">`+"\n")
	for _, path := range l.paths {
		fmt.Fprintf(out, `<path d="%s" marker-end="url(#end)"/>`+"\n", l.curve(path))
	}
	fmt.Fprintf(out, "</g>\n")
	for i, b := range boxes {
		l.draw(out, l.places[i], b)
	}
	fmt.Fprintf(out, "</svg>\n")
	return out.Flush()
}

// curve returns an edge's way through places, in SVG's notation: from the lower side of a box to
// the upper one of another, straight down where it passes rows.
func (l *layout) curve(path []int) string {
	from := l.places[path[0]]
	x, y := from.x, l.top[from.row]+l.tall(from)
	d := fmt.Sprintf("M%.1f %.1f", x, y)
	for _, i := range path[1:] {
		p := l.places[i]
		top := l.top[p.row]
		if p.x == x {
			d += fmt.Sprintf("V%.1f", top)
		} else {
			bend := min((top-y)/2, gap)
			if top-gap > y { // a box may be lower than its row
				d += fmt.Sprintf("V%.1f", top-gap)
				y = top - gap
			}
			d += fmt.Sprintf("C%.1f %.1f %.1f %.1f %.1f %.1f", x, y+bend, p.x, top-bend, p.x, top)
		}
		x, y = p.x, top
		if p.box < 0 {
			y = top + l.height[p.row]
			d += fmt.Sprintf("V%.1f", y)
		}
	}
	return d
}

// tall returns the height of a box.
func (l *layout) tall(p place) float64 { return float64(len(l.boxes[p.box].Lines))*line + padding }

// draw writes a box.
func (l *layout) draw(w io.Writer, p place, b Box) {
	color := b.Color
	if color == "" {
		color = "white"
	}
	y := l.top[p.row]
	fmt.Fprintf(w, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="4" fill="%s" stroke="#555"/>`+"\n",
		p.x-p.width/2, y, p.width, l.tall(p), html.EscapeString(color))
	for i, s := range b.Lines {
		weight := ""
		if i == 0 {
			weight = ` font-weight="bold"`
		}
		fmt.Fprintf(w, `<text x="%.1f" y="%.1f" text-anchor="middle"%s>%s</text>`+"\n", p.x, y+float64(i+1)*line, weight, html.EscapeString(shown(s)))
	}
}
