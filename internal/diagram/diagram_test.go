package diagram

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// graphs are those that are drawn: chains, shortcuts, branches, and what is random.
func graphs() map[string][]Edge {
	all := map[string][]Edge{
		"one":      nil,
		"chain":    {{0, 1}, {1, 2}, {2, 3}},
		"shortcut": {{0, 1}, {1, 2}, {2, 3}, {0, 3}, {3, 4}, {4, 5}, {5, 6}, {3, 6}},
		"branches": {{0, 1}, {0, 2}, {0, 3}, {2, 4}, {4, 5}, {1, 6}, {3, 6}, {5, 6}, {0, 6}},
		"inputs":   {{0, 2}, {2, 3}, {1, 4}, {3, 4}},
		"apart":    {{0, 2}, {1, 3}},
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 40 {
		var edges []Edge
		for to := 1; to < 30; to++ {
			for range 1 + r.IntN(3) {
				edges = append(edges, Edge{r.IntN(to), to})
			}
		}
		all[fmt.Sprint("random ", i)] = edges
	}
	return all
}

// boxesOf returns boxes for edges, of different sizes.
func boxesOf(edges []Edge) []Box {
	n := 1
	for _, e := range edges {
		n = max(n, e.To+1)
	}
	boxes := make([]Box, n)
	for i := range boxes {
		boxes[i].Lines = []string{strings.Repeat("x", 3+i*7%20), "(None, 3)"}
		if i%3 == 0 {
			boxes[i].Lines = append(boxes[i].Lines, "12 parameters")
		}
	}
	return boxes
}

// TestArrange wants boxes below all that lead to them, and neither boxes nor edges on others.
func TestArrange(t *testing.T) {
	for name, edges := range graphs() {
		l := arrange(boxesOf(edges), edges)
		for _, e := range edges {
			if from, to := l.places[e.From], l.places[e.To]; from.row >= to.row {
				t.Errorf("%s: %v leads from row %d to %d", name, e, from.row, to.row)
			}
		}
		for r, row := range l.rows {
			for i := 1; i < len(row); i++ {
				a, b := l.places[row[i-1]], l.places[row[i]]
				if gap := b.x - b.width/2 - a.x - a.width/2; gap < lane-0.01 {
					t.Errorf("%s: row %d: places %d and %d are %v apart", name, r, i-1, i, gap)
				}
			}
			for _, p := range row {
				if q := l.places[p]; q.x-q.width/2 < margin-0.01 || q.x+q.width/2 > l.width-margin+0.01 {
					t.Errorf("%s: row %d: a place at %v, %v wide, in a picture %v wide", name, r, q.x, q.width, l.width)
				}
			}
		}
		for i, path := range l.paths {
			for k, p := range path[1:] {
				if l.places[p].row != l.places[path[k]].row+1 {
					t.Errorf("%s: edge %v leaves out a row", name, edges[i])
				}
			}
		}
	}
}

// TestChainIsStraight wants the boxes of a residual network in one line, and its shortcuts
// beside it.
func TestChainIsStraight(t *testing.T) {
	var edges []Edge
	for i := range 30 {
		edges = append(edges, Edge{i, i + 1})
		if i%5 == 0 {
			edges = append(edges, Edge{i, i + 5})
		}
	}
	boxes := make([]Box, 31)
	for i := range boxes {
		boxes[i].Lines = []string{"convolution"}
	}
	l := arrange(boxes, edges)
	for i, p := range l.places[:31] {
		if d := p.x - l.places[0].x; d > 1 || d < -1 {
			t.Errorf("box %d is %v beside the first", i, d)
		}
	}
}

// TestSVG wants XML of every graph, whatever the text.
func TestSVG(t *testing.T) {
	for name, edges := range graphs() {
		boxes := boxesOf(edges)
		boxes[0] = Box{Lines: []string{`<a href="x">&` + "\x1b[31m\x00\xff", strings.Repeat("long ", 100)}, Color: `"><script>`}
		var b bytes.Buffer
		if err := SVG(&b, "<"+name+">", boxes, edges); err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		text := ""
		for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v in %s", name, err, &b)
			}
			switch x := token.(type) {
			case xml.StartElement:
				count[x.Name.Local]++
			case xml.CharData:
				text += string(x)
			}
		}
		if count["rect"] != len(boxes)+1 || count["path"] != len(edges)+1 || count["script"] != 0 || count["a"] != 0 {
			t.Errorf("%s: elements %v of %d boxes and %d edges", name, count, len(boxes), len(edges))
		}
		if !strings.Contains(text, `<a href="x">&\x1b[31m\x00\xff`) || strings.Contains(text, strings.Repeat("long ", 20)) {
			t.Errorf("%s: text %q", name, text)
		}
	}
}

// TestLarge draws as many boxes as there may be, each linked with many before.
func TestLarge(t *testing.T) {
	var edges []Edge
	for to := 1; to < 4096; to++ {
		for _, from := range []int{to - 1, to / 2, to / 3, 0} {
			edges = append(edges, Edge{from, to})
		}
	}
	start := time.Now()
	var b bytes.Buffer
	if err := SVG(&b, "large", boxesOf(edges), edges); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 20*time.Second || b.Len() > 16<<20 {
		t.Errorf("%d bytes in %v", b.Len(), took)
	}
}
