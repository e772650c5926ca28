package image

import (
	"fmt"
	stdimage "image"
	"math"

	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/resample"
	"github.com/glia-ml/glia/tensor"
)

// Resize returns a picture of another size, by a filter: image.Area, or that of another
// library. It returns an error if x is no picture, a size is not 1 or more, or there is no
// such filter.
//
// Shapes: x uint8 or float32 [H W C] -> float32 [height width C].
func Resize(x *tensor.Tensor, height, width int, filter Filter) (*tensor.Tensor, error) {
	if x == nil {
		return nil, fmt.Errorf("image: Resize: x is nil")
	}
	shape := x.Shape()
	if d := x.DType(); shape.Rank() != 3 || shape.Size() == 0 || d != tensor.Uint8 && d != tensor.Float32 {
		return nil, fmt.Errorf("image: Resize: x is %v: want uint8 or float32 [H W C], one pixel or more", x.Spec())
	}
	if err := checkSize(width, height); err != nil {
		return nil, fmt.Errorf("image: Resize: to %w", err)
	}
	if err := checkSize(shape.At(1), shape.At(0)); err != nil {
		return nil, fmt.Errorf("image: Resize: x of %w", err)
	}
	if err := filter.check(); err != nil {
		return nil, fmt.Errorf("image: Resize: %w", err)
	}
	r := resizing{filter, shape.At(2), shape.At(1), shape.At(0), width, height, x.DType() == tensor.Uint8, stdimage.Rect(0, 0, shape.At(1), shape.At(0))}
	from := tensor.Data[float32](x.AsType(tensor.Float32))
	out := tensor.New(tensor.Float32, height, width, r.channels)
	n := r.width * r.channels
	r.run(tensor.Data[float32](out), width*r.channels, func(y int) line { return line{numbers: from[y*n:][:n]} })
	return out, nil
}

// resizing makes a picture of another size.
type resizing struct {
	filter            Filter
	channels          int
	width, height     int // of the source
	toWidth, toHeight int
	bytes             bool               // pixels are whole numbers from 0 to 255
	within            stdimage.Rectangle // of the source, beyond which it is black
}

// taps holds, for each pixel of a row, the pixels of another row that count into it, and how
// much: a run of at most n, whose weights sum to 1.
type taps struct {
	n      int
	at     []int     // where a run begins
	length []int     // of a run
	weight []float32 // n for each pixel, those of its run first
	whole  []int32   // or these, of which 1<<wholeBits is 1, as pillow rounds them
}

const wholeBits = 22

// manyTaps is how many pixels are added up in float32 at most: the sums of more of them would
// leave the range of the pixels.
const manyTaps = 64

// line is a row of the source: pixels of 4 bytes, or numbers [within][channels].
type line struct {
	pixels  []uint8
	numbers []float32
}

// numbers returns those of a row, which it may write to into.
func (r resizing) numbers(l line, into []float32) []float32 {
	if l.pixels == nil {
		return l.numbers
	}
	floats(l.pixels, r.channels, into)
	if r.channels == 1 && r.rounds() { // such filters take whole numbers
		levels(into)
	}
	return into
}

// levels sets into to the whole numbers of a row.
func (r resizing) levels(into []uint8, l line, numbers []float32) {
	if l.pixels == nil || r.channels != 3 {
		toBytes(into, r.numbers(l, numbers))
		return
	}
	for i := range len(l.pixels) / 4 {
		p, q := l.pixels[4*i:4*i+3:4*i+3], into[3*i:3*i+3:3*i+3]
		q[0], q[1], q[2] = p[0], p[1], p[2]
	}
}

// rounds reports whether the result consists of whole numbers.
func (r resizing) rounds() bool { return r.bytes && filters[r.filter].of != exact }

// run writes the picture to out, [toHeight][toWidth][channels], whose rows begin stride
// numbers apart. It asks for the rows within the source that count, by their numbers there, one
// after the other.
func (r resizing) run(out []float32, stride int, row func(y int) line) {
	across, down := r.taps(r.width, r.toWidth), r.taps(r.height, r.toHeight)
	across.clip(r.within.Min.X, r.within.Max.X)
	down.clip(r.within.Min.Y, r.within.Max.Y)
	if r.bytes && filters[r.filter].of == twofold {
		r.runWhole(across, down, out, stride, row)
		return
	}
	source := make([]float32, r.within.Dx()*r.channels)
	n := r.toWidth * r.channels
	narrow := make([]float32, down.n*n) // rows of the source that count, resized
	ready := 0                          // all before that
	var sums []float64                  // of many rows, that 255 stays 255
	if down.n > manyTaps {
		sums = make([]float64, n)
	}
	for y := range r.toHeight {
		into := out[y*stride:][:n]
		clear(sums)
		at, weights := down.at[y], down.weight[y*down.n:][:down.length[y]]
		if len(weights) == 0 {
			clear(into)
		}
		for k, weight := range weights {
			from := narrow[(at+k)%down.n*n:][:n]
			if at+k >= ready {
				if l := row(at + k); l.pixels != nil && r.channels == 3 && across.n <= manyTaps {
					kern.SumPixels(from, l.pixels, across.at, across.length, across.weight, across.n)
				} else {
					across.apply(from, r.numbers(l, source), r.channels)
				}
				ready = at + k + 1
			}
			switch {
			case sums != nil:
				for i, v := range from {
					sums[i] += float64(v) * float64(weight)
				}
			case k == 0:
				kern.MulScalar(into, from, weight)
			default:
				kern.AddScaled(into, into, from, weight)
			}
		}
		for i, v := range sums {
			into[i] = float32(v)
		}
		if r.rounds() {
			levels(into)
		}
	}
}

// memory bounds the bytes that run takes beside the result and a row of the source.
func (r resizing) memory() int64 {
	across, down := int64(r.by().Most(r.width, r.toWidth)), int64(r.by().Most(r.height, r.toHeight))
	rows := 4 * down * int64(r.toWidth)
	if filters[r.filter].of == twofold {
		rows = (down + 6) * int64(max(r.width, r.toWidth))
	} else if down > manyTaps {
		rows += 8 * int64(r.toWidth)
	}
	return (4*across+16)*int64(r.toWidth) + (4*down+16)*int64(r.toHeight) + 8*max(across, down) + rows*int64(r.channels)
}

// apply makes a row of another length.
func (t *taps) apply(into, from []float32, channels int) {
	if channels == 3 && t.n <= manyTaps {
		kern.SumTriples(into, from, t.at, t.length, t.weight, t.n)
		return
	}
	for x, at := range t.at {
		weights := t.weight[x*t.n:][:t.length[x]]
		run := from[at*channels:][:len(weights)*channels]
		for c := range channels {
			if len(weights) > manyTaps {
				sum := 0.0
				for k, w := range weights {
					sum += float64(run[k*channels+c]) * float64(w)
				}
				into[x*channels+c] = float32(sum)
				continue
			}
			sum := float32(0)
			for k, w := range weights {
				sum += float32(run[k*channels+c] * w)
			}
			into[x*channels+c] = sum
		}
	}
}

// levels rounds numbers to whole ones from 0 to 255.
func levels(row []float32) {
	for i, v := range row {
		row[i] = float32(int32(min(max(v, 0), 255) + 0.5))
	}
}

// by returns the filter of both axes.
func (r resizing) by() *resample.Filter {
	f := &filters[r.filter]
	if f.larger != nil && (r.toWidth > r.width || r.toHeight > r.height) {
		return f.larger
	}
	return &f.by
}

// taps returns those of each of to pixels in a row that is made of from.
func (r resizing) taps(from, to int) *taps {
	by := r.by()
	n := by.Most(from, to)
	t := &taps{n: n, at: make([]int, to), length: make([]int, to)}
	if r.bytes && filters[r.filter].of == twofold {
		t.whole = make([]int32, n*to)
	} else {
		t.weight = make([]float32, n*to)
	}
	by.Runs(from, to, func(i, at int, weights []float64) {
		t.at[i], t.length[i] = at, len(weights)
		for k, w := range weights {
			if t.whole != nil {
				t.whole[i*n+k] = int32(math.Round(w * (1 << wholeBits)))
			} else {
				t.weight[i*n+k] = float32(w)
			}
		}
	})
	return t
}

// clip leaves pixels from to to-1 alone to count, which are numbered from 0 then.
func (t *taps) clip(from, to int) {
	for i := range t.at {
		first := t.at[i]
		a, b := max(first, from), min(first+t.length[i], to)
		if a >= b {
			t.at[i], t.length[i] = 0, 0
			continue
		}
		if t.whole != nil {
			copy(t.whole[i*t.n:], t.whole[i*t.n+a-first:i*t.n+b-first])
		} else {
			copy(t.weight[i*t.n:], t.weight[i*t.n+a-first:i*t.n+b-first])
		}
		t.at[i], t.length[i] = a-from, b-a
	}
}

// runWhole is run in whole numbers, rounded after each of two passes. Which is first is
// pillow's choice, as of 13.0.0: across, unless the rows get fewer by more than twice as many
// as the columns do.
func (r resizing) runWhole(across, down *taps, out []float32, stride int, row func(y int) line) {
	downFirst := r.height > r.toHeight && r.height-r.toHeight > 2*(r.width-r.toWidth)
	source := make([]float32, r.within.Dx()*r.channels)
	pixels := make([]uint8, len(source)) // of a row between the passes
	n := r.toWidth * r.channels
	if downFirst {
		n = len(pixels)
	}
	kept := make([]uint8, down.n*n) // rows that count, of the source or resized
	sums := make([]int32, n)
	made := make([]uint8, r.toWidth*r.channels)
	ready := 0 // all rows before that
	for y := range r.toHeight {
		at, weights := down.wholeOf(y)
		for i := range sums {
			sums[i] = 1 << (wholeBits - 1)
		}
		for k, weight := range weights {
			from := kept[(at+k)%down.n*n:][:n]
			if at+k >= ready {
				l := row(at + k)
				ready = at + k + 1
				if downFirst {
					r.levels(from, l, source)
				} else {
					r.levels(pixels, l, source)
					across.applyWhole(from, pixels, r.channels)
				}
			}
			for i, v := range from {
				sums[i] += int32(v) * weight
			}
		}
		into := out[y*stride:][:len(made)]
		if downFirst {
			for i, s := range sums {
				pixels[i] = clipped(s >> wholeBits)
			}
			across.applyWhole(made, pixels, r.channels)
			for i, v := range made {
				into[i] = float32(v)
			}
			continue
		}
		for i, s := range sums {
			into[i] = float32(clipped(s >> wholeBits))
		}
	}
}

// wholeOf returns where the pixels begin that count into pixel i, and their weights.
func (t *taps) wholeOf(i int) (at int, weights []int32) {
	return t.at[i], t.whole[i*t.n:][:t.length[i]]
}

// toBytes sets whole numbers.
func toBytes(into []uint8, from []float32) {
	for i, v := range from {
		into[i] = uint8(v)
	}
}

// applyWhole makes a row of another length.
func (t *taps) applyWhole(into, from []uint8, channels int) {
	const half = 1 << (wholeBits - 1)
	for x := range t.at {
		at, weights := t.wholeOf(x)
		run := from[at*channels:][:len(weights)*channels]
		if channels == 3 {
			r, g, b := int32(half), int32(half), int32(half)
			for k, w := range weights {
				p := run[3*k : 3*k+3 : 3*k+3]
				r, g, b = r+int32(p[0])*w, g+int32(p[1])*w, b+int32(p[2])*w
			}
			p := into[3*x : 3*x+3 : 3*x+3]
			p[0], p[1], p[2] = clipped(r>>wholeBits), clipped(g>>wholeBits), clipped(b>>wholeBits)
			continue
		}
		for c := range channels {
			sum := int32(half)
			for k, w := range weights {
				sum += int32(run[k*channels+c]) * w
			}
			into[x*channels+c] = clipped(sum >> wholeBits)
		}
	}
}

// inside returns the largest size of the ratio width:height in a box.
func inside(width, height, boxWidth, boxHeight int) (w, h int) {
	f := min(float64(boxWidth)/float64(width), float64(boxHeight)/float64(height))
	size := func(n, most int) int { return min(max(int(math.Round(float64(n)*f)), 1), most) }
	return size(width, boxWidth), size(height, boxHeight)
}
