package plot_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/plot"
)

// picture returns two charts: falling losses with bands, and rising accuracies.
func picture() *plot.Picture {
	var loss, accuracy []plot.Curve
	for k, name := range []string{"sgd", "adam", "lion"} {
		l, a := plot.Curve{Name: name}, plot.Curve{Name: name, Dashed: k == 2}
		for e := 1; e <= 10; e++ {
			v := 1 / float64(e*(k+1))
			l.X, l.Y = append(l.X, float64(e)), append(l.Y, v)
			l.Low, l.High = append(l.Low, v*0.7), append(l.High, v*1.3)
			a.X, a.Y = append(a.X, float64(e)), append(a.Y, 1-v)
		}
		loss, accuracy = append(loss, l), append(accuracy, a)
	}
	return &plot.Picture{Title: "Which optimizer?", Charts: []plot.Chart{
		{Title: "Loss", XLabel: "epoch", YLabel: "loss", Log: true, Curves: loss},
		{Title: "Accuracy", XLabel: "epoch", YLabel: "accuracy", Curves: accuracy},
	}}
}

func drawn(t *testing.T, p *plot.Picture, f plot.Format) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pixels(t *testing.T, p *plot.Picture) (image.Image, map[color.NRGBA]int) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(drawn(t, p, plot.PNG)))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[color.NRGBA]int{}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			counts[color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)]++
		}
	}
	return img, counts
}

var (
	blue  = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	white = color.NRGBA{0xff, 0xff, 0xff, 0xff}
)

// shaded is blue over white as a band has it.
var shaded = color.NRGBA{0xcf, 0xe4, 0xf0, 0xff}

func TestPNG(t *testing.T) {
	img, counts := pixels(t, picture())
	if b := img.Bounds(); b.Dx() < 1300 || b.Dx() > 1800 || b.Dy() < 500 || b.Dy() > 700 {
		t.Errorf("size %v", b)
	}
	if counts[white] < img.Bounds().Dx()*img.Bounds().Dy()/2 {
		t.Errorf("%d white pixels", counts[white])
	}
	if counts[blue] < 500 {
		t.Errorf("%d blue pixels: want a curve in each chart", counts[blue])
	}
	var near int
	for c, n := range counts {
		if abs(c.R, shaded.R) <= 1 && abs(c.G, shaded.G) <= 1 && abs(c.B, shaded.B) <= 1 {
			near += n
		}
	}
	if near < 2000 {
		t.Errorf("%d pixels of the band's color", near)
	}
	if a, b := drawn(t, picture(), plot.PNG), drawn(t, picture(), plot.PNG); !bytes.Equal(a, b) {
		t.Error("two drawings of the same picture differ")
	}
}

func abs(a, b uint8) int { return int(max(a, b) - min(a, b)) }

// svg is what an SVG holds.
type svg struct{ texts, paths []string }

func readSVG(t *testing.T, b []byte) (s svg) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(b))
	for text := false; ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return s
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			text = tok.Name.Local == "text"
			for _, a := range tok.Attr {
				if tok.Name.Local == "path" && a.Name.Local == "d" {
					s.paths = append(s.paths, a.Value)
				}
			}
		case xml.CharData:
			if text {
				s.texts = append(s.texts, strings.TrimSpace(string(tok)))
			}
		case xml.EndElement:
			text = false
		}
	}
}

func TestSVG(t *testing.T) {
	b := drawn(t, picture(), plot.SVG)
	s := readSVG(t, b)
	for _, want := range []string{"Which optimizer?", "Loss", "Accuracy", "epoch", "loss", "accuracy", "sgd", "adam", "lion", "0.1", "0.8", "2", "10"} {
		if !slices.Contains(s.texts, want) {
			t.Errorf("texts lack %q: %q", want, s.texts)
		}
	}
	if n := len(slices.DeleteFunc(s.texts, func(x string) bool { return x != "sgd" })); n != 1 {
		t.Errorf("the legend has sgd %d times, want once", n)
	}
	for want, times := range map[string]int{"stroke:#D55E00": 3, "fill:#D45D00;fill-opacity:0.18": 2} { // in the legend too
		if n := strings.Count(string(b), want); n != times {
			t.Errorf("%s stands there %d times, want %d", want, n, times)
		}
	}
	if !bytes.Equal(b, drawn(t, picture(), plot.SVG)) {
		t.Error("two drawings of the same picture differ")
	}
}

// TestWhere checks that points are drawn where the axes say.
func TestWhere(t *testing.T) {
	p := &plot.Picture{Charts: []plot.Chart{{Curves: []plot.Curve{{X: []float64{0, 1, 2}, Y: []float64{0, 10, 20}}}}}}
	img, _ := pixels(t, p)
	at := func(col func(color.Color) bool) (box image.Rectangle) {
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				if col(img.At(x, y)) {
					box = box.Union(image.Rect(x, y, x+1, y+1))
				}
			}
		}
		return box
	}
	box := at(func(c color.Color) bool { return color.NRGBAModel.Convert(c) == blue })
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if box.Dx() < w*3/4 || box.Dy() < h*3/4 {
		t.Errorf("a line over the whole range covers %v of %v", box, img.Bounds())
	}
	mid := image.Pt((box.Min.X+box.Max.X)/2, (box.Min.Y+box.Max.Y)/2)
	if c := color.NRGBAModel.Convert(img.At(mid.X, mid.Y)); c != blue {
		t.Errorf("the middle of a straight line is %v, want %v", c, blue)
	}
}

// TestGaps checks that what has no place is left out, and what has is drawn.
func TestGaps(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name  string
		y     []float64
		log   bool
		lines int
		dots  int
	}{
		{"whole", []float64{1, 2, 3, 4, 5}, false, 1, 0},
		{"gap", []float64{1, 2, nan, 4, 5}, false, 2, 0},
		{"infinite", []float64{1, 2, inf, -inf, 5}, false, 1, 1},
		{"huge", []float64{1, 2, 1e300, -1e300, 5}, false, 1, 1},
		{"not above 0", []float64{1, 2, 0, -4, 5}, true, 1, 1},
		{"nothing", []float64{nan, nan, nan, nan, nan}, true, 0, 0},
		{"nothing, linear", []float64{nan, nan, nan, nan, nan}, false, 0, 0},
		{"level", []float64{7, 7, 7, 7, 7}, true, 1, 0},
		{"level at 0", []float64{0, 0, 0, 0, 0}, false, 1, 0},
		{"level and large", []float64{1e29, 1e29, 1e29, 1e29, 1e29}, false, 1, 0},
		{"apart by a bit", []float64{1, 1, 1, 1, 1 + 1e-16}, false, 1, 0},
		{"wide", []float64{1e-29, 1, 1e29, 1, 1}, true, 1, 0},
		{"small", []float64{1e-310, 2e-310, 3e-310, 1e-310, 0}, false, 1, 0},
	} {
		p := &plot.Picture{Charts: []plot.Chart{{Log: c.log, Curves: []plot.Curve{{X: []float64{1, 2, 3, 4, 5}, Y: c.y, Low: c.y, High: c.y}}}}}
		b := drawn(t, p, plot.SVG)
		readSVG(t, b)
		lines, dots := 0, 0
		for l := range strings.Lines(string(b)) {
			if !strings.Contains(l, "#0072B2") || strings.Contains(l, "opacity") {
				continue
			}
			if strings.Contains(l, "stroke") {
				lines++
			} else {
				dots++
			}
		}
		if lines != c.lines || dots != c.dots {
			t.Errorf("%s: %d lines and %d dots, want %d and %d in\n%s", c.name, lines, dots, c.lines, c.dots, b)
		}
		if strings.Contains(string(b), "NaN") || strings.Contains(string(b), "Inf") {
			t.Errorf("%s: a coordinate is not finite in\n%s", c.name, b)
		}
		drawn(t, p, plot.PNG)
	}
}

func TestErrors(t *testing.T) {
	x := []float64{1, 2}
	chart := func(c plot.Curve) plot.Picture {
		c.Name = "adam"
		return plot.Picture{Charts: []plot.Chart{{Title: "Loss", Curves: []plot.Curve{{}, c}}}}
	}
	for _, c := range []struct {
		p    plot.Picture
		f    plot.Format
		want string
	}{
		{plot.Picture{}, plot.PNG, "plot: got no charts, want 1 or more"},
		{plot.Picture{Columns: -1, Charts: make([]plot.Chart, 1)}, plot.PNG, "plot: got -1 charts in a row, want 1 or more, or 0 for all"},
		{chart(plot.Curve{X: x, Y: x[1:]}), plot.PNG, `plot: chart 0 "Loss": curve 1 "adam": 2 numbers X, 1 Y: want as many`},
		{chart(plot.Curve{X: x, Y: x, Low: x}), plot.PNG, `plot: chart 0 "Loss": curve 1 "adam": a band with one edge: want Low and High`},
		{chart(plot.Curve{X: x, Y: x, Low: x, High: x[1:]}), plot.PNG, `plot: chart 0 "Loss": curve 1 "adam": 2 numbers Low, 1 High for 2 points: want as many`},
		{chart(plot.Curve{Color: -1}), plot.PNG, `plot: chart 0 "Loss": curve 1 "adam": color -1: want 1 or more, or 0`},
		{chart(plot.Curve{}), ".gif", `plot: format ".gif": want .png or .svg`},
	} {
		if err := c.p.Write(io.Discard, c.f); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	full := errors.New("disk is full")
	for _, f := range []plot.Format{plot.PNG, plot.SVG} {
		if err := picture().Write(failing{full}, f); !errors.Is(err, full) {
			t.Errorf("%s: got error %v, want %v", f, err, full)
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestFiles(t *testing.T) {
	for path, want := range map[string]string{
		"a.png": "[a.png]", "a.SVG": "[a.SVG]", "dir.d/a": "[dir.d/a.png dir.d/a.svg]",
		"a.gif": `plot: file name "a.gif": want one that ends in .png or .svg, or has no ending, for both`,
		"":      "plot: got an empty file name",
	} {
		files, err := plot.Files(path)
		got := fmt.Sprint(files)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", path, got, want)
		}
	}
}

func TestSave(t *testing.T) {
	to := filepath.Join(t.TempDir(), "curves")
	if err := picture().Save(to); err != nil {
		t.Fatal(err)
	}
	for _, f := range []plot.Format{plot.PNG, plot.SVG} {
		b, err := os.ReadFile(to + string(f))
		if err != nil || !bytes.Equal(b, drawn(t, picture(), f)) {
			t.Errorf("%s: %d bytes, error %v", f, len(b), err)
		}
	}
	if err := picture().Save(to + ".gif"); err == nil {
		t.Error("saved as .gif")
	}
}

// TestCourse draws a history that has a validation in its second epoch alone.
func TestCourse(t *testing.T) {
	metric := func(v float64) []glia.Metric { return []glia.Metric{{Name: "accuracy", Value: v}} }
	h := &glia.History{Epochs: []glia.Epoch{
		{Epoch: 1, Result: glia.Result{Loss: 2, Metrics: metric(0.5)}},
		{Epoch: 2, Result: glia.Result{Loss: 1, Metrics: metric(0.6)}, Validation: &glia.Result{Loss: 3, Metrics: metric(0.4)}},
	}}
	for name, want := range map[string]string{
		"loss":     "[1 2] [2 1], [2] [3]",
		"accuracy": "[1 2] [0.5 0.6], [2] [0.4]",
	} {
		c := plot.Course(h, name)
		var parts []string
		for _, c := range c.Curves {
			parts = append(parts, fmt.Sprint(c.X, " ", c.Y))
		}
		if got := strings.Join(parts, ", "); got != want || c.YLabel != name || !c.Curves[0].Dashed {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		drawn(t, &plot.Picture{Charts: []plot.Chart{c}}, plot.SVG)
	}
	for _, name := range []string{"acc", "val_loss", ""} {
		c := plot.Course(h, name)
		c.Title = "mine"
		p := &plot.Picture{Charts: []plot.Chart{c}}
		file := filepath.Join(t.TempDir(), "course.svg")
		want := fmt.Sprintf(`plot: chart 0 "mine": Course: no epoch has %q: want one of loss, accuracy`, name)
		if err := p.Save(file); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", name, err, want)
		}
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%q: a file was written", name)
		}
	}
	h.Epochs = h.Epochs[:1]
	if c := plot.Course(h, "loss"); len(c.Curves) != 1 {
		t.Errorf("%d curves without validation, want 1", len(c.Curves))
	}
	drawn(t, &plot.Picture{Charts: []plot.Chart{plot.Course(&glia.History{}, "loss")}}, plot.SVG)
}

// The course of a training in two charts.
func ExampleCourse() {
	h := &glia.History{Epochs: []glia.Epoch{ // what Model.Fit returns
		{Epoch: 1, Result: glia.Result{Loss: 0.9}, Validation: &glia.Result{Loss: 1.0}},
		{Epoch: 2, Result: glia.Result{Loss: 0.5}, Validation: &glia.Result{Loss: 0.7}},
	}}
	p := plot.Picture{Title: "A training", Charts: []plot.Chart{plot.Course(h, "loss")}}
	var b strings.Builder
	err := p.Write(&b, plot.SVG)
	fmt.Println(strings.Contains(b.String(), "validation"), err)
	// Output: true <nil>
}

func ExamplePicture() {
	epochs := []float64{1, 2, 3}
	p := plot.Picture{Title: "Two curves", Charts: []plot.Chart{{
		XLabel: "epoch", YLabel: "loss",
		Curves: []plot.Curve{
			{Name: "training", X: epochs, Y: []float64{1, 0.5, 0.2}},
			{Name: "validation", X: epochs, Y: []float64{1.1, 0.8, 0.9}, Low: []float64{1, 0.7, 0.8}, High: []float64{1.2, 0.9, 1}},
		},
	}}}
	var b strings.Builder
	err := p.Write(&b, plot.SVG)
	fmt.Println(strings.Contains(b.String(), "validation"), err)
	// Output: true <nil>
}

func TestCourseOfNothing(t *testing.T) {
	if c := plot.Course(nil, "loss"); len(c.Curves) != 1 || len(c.Curves[0].X) != 0 {
		t.Errorf("got %+v: want one curve without points", c)
	}
}
