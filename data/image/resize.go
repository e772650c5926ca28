package image

import (
	"fmt"
	"math"

	"github.com/glia-ml/glia/tensor"
)

// Resize returns a picture of another size. Fewer pixels are means of those that they
// cover, in part or whole; more pixels lie on straight lines between the centers of those
// that there are. It is not, bit for bit, a filter of PIL's or TensorFlow's. It returns an
// error if x is no picture, or a size is not 1 or more.
//
// Shapes: x uint8 or float32 [H W C] -> float32 [height width C].
func Resize(x *tensor.Tensor, height, width int) (*tensor.Tensor, error) {
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
	channels := shape.At(2)
	from := tensor.Data[float32](x.AsType(tensor.Float32))
	out := tensor.New(tensor.Float32, height, width, channels)
	resize(tensor.Data[float32](out), shape.At(1), shape.At(0), channels, width, height, func(y int, into []float32) {
		copy(into, from[y*len(into):])
	})
	return out, nil
}

// tap is a pixel that counts into another, and how much.
type tap struct {
	at     int
	weight float32
}

// taps returns the taps of each of to pixels in a row that is made of from pixels. The
// weights of each sum to 1, and the same number leaves everything as it is.
func taps(from, to int) [][]tap {
	all := make([][]tap, to)
	step := float64(from) / float64(to)
	for i := range all {
		if step > 1 {
			all[i] = covered(float64(i)*step, float64(i+1)*step, from)
			continue
		}
		x := min(max((float64(i)+0.5)*step-0.5, 0), float64(from-1))
		left := int(x)
		part := float32(x - float64(left))
		all[i] = []tap{{left, 1 - part}}
		if part > 0 {
			all[i] = append(all[i], tap{left + 1, part})
		}
	}
	return all
}

// covered returns the pixels between a and b.
func covered(a, b float64, pixels int) []tap {
	var all []tap
	for p := int(a); p < pixels && float64(p) < b; p++ {
		part := min(b, float64(p+1)) - max(a, float64(p))
		if part > 1e-9 {
			all = append(all, tap{p, float32(part / (b - a))})
		}
	}
	return all
}

// resize adds a picture of another size to out, [toHeight][toWidth][channels] of zeros. It
// asks for the rows of the source one after the other, some of them again; row fills a
// slice [width][channels].
func resize(out []float32, width, height, channels, toWidth, toHeight int, row func(y int, into []float32)) {
	across, down := taps(width, toWidth), taps(height, toHeight)
	source := make([]float32, width*channels)
	narrow := make([]float32, toWidth*channels) // row number last, resized
	last := -1
	for y, rows := range down {
		into := out[y*len(narrow):][:len(narrow)]
		for _, r := range rows {
			if r.at != last {
				row(r.at, source)
				resizeRow(narrow, source, across, channels)
				last = r.at
			}
			for i, v := range narrow {
				into[i] += v * r.weight
			}
		}
	}
}

// resizeRow makes a row of another length.
func resizeRow(into, from []float32, across [][]tap, channels int) {
	for x, pixels := range across {
		for c := range channels {
			var sum float32
			for _, p := range pixels {
				sum += from[p.at*channels+c] * p.weight
			}
			into[x*channels+c] = sum
		}
	}
}

// inside returns the largest size of the ratio width:height in a box.
func inside(width, height, boxWidth, boxHeight int) (w, h int) {
	f := min(float64(boxWidth)/float64(width), float64(boxHeight)/float64(height))
	size := func(n, most int) int { return min(max(int(math.Round(float64(n)*f)), 1), most) }
	return size(width, boxWidth), size(height, boxHeight)
}
