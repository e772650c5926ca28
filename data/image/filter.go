package image

import (
	"fmt"
	"math"
	"strings"
)

// Filter says how the pixels of a picture of another size are made. Libraries differ: a
// network sees what it was trained on if it gets the filter that was used then, to which
// [Resize] and [Frame] keep within a level.
//
// pillow's and OpenCV's filters make whole numbers from 0 to 255 of bytes, as these do, pillow
// also between its two passes; TensorFlow's and Area do not round, and those with negative
// weights leave that range. Names of TensorFlow's are those of Keras too, on any of its
// backends. Where a filter of TensorFlow's does not end in Antialias, neither it nor OpenCV's,
// but for CVArea, make means of all pixels when a picture gets smaller.
type Filter int

const (
	// Area makes fewer pixels means of those that they cover, in part or whole, and has more
	// lie on straight lines between the centers of those that there are.
	Area Filter = iota

	PILNearest  // Image.Resampling.NEAREST, the default of Keras's load_img
	PILBox      // Image.Resampling.BOX
	PILBilinear // Image.Resampling.BILINEAR
	PILHamming  // Image.Resampling.HAMMING
	PILBicubic  // Image.Resampling.BICUBIC, the default of Image.resize
	PILLanczos  // Image.Resampling.LANCZOS

	TFNearest           // nearest
	TFBilinear          // bilinear, the default of Keras's Resizing and image_dataset_from_directory
	TFBicubic           // bicubic, of Keys with a = -0.5
	TFArea              // area
	TFLanczos3          // lanczos3
	TFLanczos5          // lanczos5
	TFGaussian          // gaussian
	TFMitchell          // mitchellcubic
	TFBilinearAntialias // bilinear with antialias=True
	TFBicubicAntialias  // bicubic with antialias=True
	TFLanczos3Antialias // lanczos3 with antialias=True
	TFLanczos5Antialias // lanczos5 with antialias=True
	TFGaussianAntialias // gaussian with antialias=True
	TFMitchellAntialias // mitchellcubic with antialias=True

	CVNearest      // INTER_NEAREST
	CVNearestExact // INTER_NEAREST_EXACT
	CVLinear       // INTER_LINEAR, the default of cv2.resize
	CVCubic        // INTER_CUBIC, of Keys with a = -0.75
	CVArea         // INTER_AREA
	CVLanczos4     // INTER_LANCZOS4
)

// filter holds what a Filter does.
type filter struct {
	name string
	of   rounding

	radius float64                 // of the kernel, in pixels of the source
	kernel func(x float64) float64 // of the distance, within the radius
	spread bool                    // it spreads over all pixels when a picture gets smaller
	edge   bool                    // pixels at the edge stand for those beyond

	nearest func(from, to int) func(i int) int // the pixel that alone makes pixel i
	area    areaKind
}

// rounding says what is done with pixels of bytes.
type rounding int

const (
	exact   rounding = iota // nothing
	rounded                 // the result is rounded
	twofold                 // what the first of two passes makes is rounded, too
)

// areaKind is a filter of the area that a pixel covers.
type areaKind int

const (
	noArea    areaKind = iota
	areaDown           // lines between centers when a picture gets larger
	areaBoth           // the area both ways
	areaOrCut          // lines cut by areas when a picture gets larger along either side
)

var filters = [...]filter{
	Area: {name: "area", area: areaDown},

	PILNearest:  {name: "pil-nearest", of: rounded, nearest: addedNearest},
	PILBox:      {name: "pil-box", of: twofold, radius: 0.5, kernel: box, spread: true},
	PILBilinear: {name: "pil-bilinear", of: twofold, radius: 1, kernel: triangle, spread: true},
	PILHamming:  {name: "pil-hamming", of: twofold, radius: 1, kernel: hamming, spread: true},
	PILBicubic:  {name: "pil-bicubic", of: twofold, radius: 2, kernel: keys(-0.5), spread: true},
	PILLanczos:  {name: "pil-lanczos", of: twofold, radius: 3, kernel: lanczos(3), spread: true},

	TFNearest:           {name: "tf-nearest", nearest: tfNearest},
	TFBilinear:          {name: "tf-bilinear", radius: 1, kernel: triangle},
	TFBicubic:           {name: "tf-bicubic", radius: 2, kernel: keys(-0.5)},
	TFArea:              {name: "tf-area", area: areaBoth},
	TFLanczos3:          {name: "tf-lanczos3", radius: 3, kernel: lanczos(3)},
	TFLanczos5:          {name: "tf-lanczos5", radius: 5, kernel: lanczos(5)},
	TFGaussian:          {name: "tf-gaussian", radius: 1.5, kernel: gaussian},
	TFMitchell:          {name: "tf-mitchellcubic", radius: 2, kernel: mitchell},
	TFBilinearAntialias: {name: "tf-bilinear-antialias", radius: 1, kernel: triangle, spread: true},
	TFBicubicAntialias:  {name: "tf-bicubic-antialias", radius: 2, kernel: keys(-0.5), spread: true},
	TFLanczos3Antialias: {name: "tf-lanczos3-antialias", radius: 3, kernel: lanczos(3), spread: true},
	TFLanczos5Antialias: {name: "tf-lanczos5-antialias", radius: 5, kernel: lanczos(5), spread: true},
	TFGaussianAntialias: {name: "tf-gaussian-antialias", radius: 1.5, kernel: gaussian, spread: true},
	TFMitchellAntialias: {name: "tf-mitchellcubic-antialias", radius: 2, kernel: mitchell, spread: true},

	CVNearest:      {name: "cv-nearest", of: rounded, nearest: cvNearest},
	CVNearestExact: {name: "cv-nearest-exact", of: rounded, nearest: addedNearest},
	CVLinear:       {name: "cv-linear", of: rounded, radius: 1, kernel: triangle, edge: true},
	CVCubic:        {name: "cv-cubic", of: rounded, radius: 2, kernel: keys(-0.75), edge: true},
	CVArea:         {name: "cv-area", of: rounded, area: areaOrCut},
	CVLanczos4:     {name: "cv-lanczos4", of: rounded, radius: 4, kernel: lanczos(4), edge: true},
}

// String returns the name of a filter, such as "pil-bicubic".
func (f Filter) String() string {
	if f.check() != nil {
		return fmt.Sprintf("Filter(%d)", int(f))
	}
	return filters[f].name
}

// ParseFilter returns the filter of a name that String gives, or an error that lists them.
func ParseFilter(name string) (Filter, error) {
	names := make([]string, len(filters))
	for i, f := range filters {
		if f.name == name {
			return Filter(i), nil
		}
		names[i] = f.name
	}
	return 0, fmt.Errorf("image: ParseFilter: %q: want one of %s", name, strings.Join(names, ", "))
}

// check returns an error unless f is one of the filters.
func (f Filter) check() error {
	if f < 0 || int(f) >= len(filters) {
		return fmt.Errorf("Filter(%d): want one of those that image has", int(f))
	}
	return nil
}

// box is the kernel whose pixels count alike.
func box(x float64) float64 {
	if x > -0.5 && x <= 0.5 {
		return 1
	}
	return 0
}

// triangle is the kernel of straight lines.
func triangle(x float64) float64 { return max(1-math.Abs(x), 0) }

// hamming is the kernel of a sine under Hamming's window.
func hamming(x float64) float64 {
	if math.Abs(x) >= 1 {
		return 0
	}
	return sinc(x) * (0.54 + 0.46*math.Cos(math.Pi*x))
}

// sinc returns sin(πx)/πx.
func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// lanczos returns the kernel of a sine under the middle of one that is n times as wide.
func lanczos(n float64) func(x float64) float64 {
	return func(x float64) float64 {
		if math.Abs(x) >= n {
			return 0
		}
		return sinc(x) * sinc(x/n)
	}
}

// keys returns the cubic kernel whose slope at 1 is a.
//
// Source: Keys 1981, Cubic convolution interpolation for digital image processing.
func keys(a float64) func(x float64) float64 {
	return func(x float64) float64 {
		switch x = math.Abs(x); {
		case x < 1:
			return ((a+2)*x-(a+3))*x*x + 1
		case x < 2:
			return ((a*x-5*a)*x+8*a)*x - 4*a
		}
		return 0
	}
}

// mitchell is the cubic kernel with B = C = 1/3.
//
// Source: Mitchell, Netravali 1988, Reconstruction filters in computer graphics.
func mitchell(x float64) float64 {
	switch x = math.Abs(x); {
	case x < 1:
		return (7.0/6*x-2)*x*x + 8.0/9
	case x < 2:
		return ((-7.0/18*x+2)*x-10.0/3)*x + 16.0/9
	}
	return 0
}

// gaussian is the kernel of a normal distribution of deviation 1/2, cut at 3 of these.
func gaussian(x float64) float64 {
	if math.Abs(x) >= 1.5 {
		return 0
	}
	return math.Exp(-2 * x * x)
}

// addedNearest adds up, as pillow and OpenCV's INTER_NEAREST_EXACT do, which decides ties.
func addedNearest(from, to int) func(i int) int {
	step := float64(from) / float64(to)
	at, next := step/2, 0
	return func(i int) int {
		for ; next < i; next++ {
			at += step
		}
		return int(at)
	}
}

// tfNearest multiplies in float32, as TensorFlow does, which decides ties.
func tfNearest(from, to int) func(i int) int {
	step := float32(from) / float32(to)
	return func(i int) int { return int((float32(i) + 0.5) * step) }
}

// cvNearest takes the pixel under the corner.
func cvNearest(from, to int) func(i int) int {
	step := 1 / (float64(to) / float64(from))
	return func(i int) int { return int(float64(i) * step) }
}
