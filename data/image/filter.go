package image

import (
	"fmt"
	"strings"

	"github.com/glia-ml/glia/internal/resample"
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
	by   resample.Filter
	// larger is what it does instead when a picture gets larger along either side, or nil.
	larger *resample.Filter
}

// rounding says what is done with pixels of bytes.
type rounding int

const (
	exact   rounding = iota // nothing
	rounded                 // the result is rounded
	twofold                 // what the first of two passes makes is rounded, too
)

var filters = [...]filter{
	Area: {name: "area", by: resample.Filter{Area: resample.CoverOrLines}},

	PILNearest:  {name: "pil-nearest", of: rounded, by: resample.Filter{Nearest: resample.Added}},
	PILBox:      {name: "pil-box", of: twofold, by: spread(0.5, resample.Box)},
	PILBilinear: {name: "pil-bilinear", of: twofold, by: spread(1, resample.Triangle)},
	PILHamming:  {name: "pil-hamming", of: twofold, by: spread(1, resample.Hamming)},
	PILBicubic:  {name: "pil-bicubic", of: twofold, by: spread(2, resample.Keys(-0.5))},
	PILLanczos:  {name: "pil-lanczos", of: twofold, by: spread(3, resample.Lanczos(3))},

	TFNearest:           {name: "tf-nearest", by: resample.Filter{Nearest: resample.Centered}},
	TFBilinear:          {name: "tf-bilinear", by: tf(1, resample.Triangle, false)},
	TFBicubic:           {name: "tf-bicubic", by: tf(2, resample.Keys(-0.5), false)},
	TFArea:              {name: "tf-area", by: resample.Filter{Area: resample.Cover}},
	TFLanczos3:          {name: "tf-lanczos3", by: tf(3, resample.Lanczos(3), false)},
	TFLanczos5:          {name: "tf-lanczos5", by: tf(5, resample.Lanczos(5), false)},
	TFGaussian:          {name: "tf-gaussian", by: tf(1.5, resample.Gaussian, false)},
	TFMitchell:          {name: "tf-mitchellcubic", by: tf(2, resample.Mitchell, false)},
	TFBilinearAntialias: {name: "tf-bilinear-antialias", by: tf(1, resample.Triangle, true)},
	TFBicubicAntialias:  {name: "tf-bicubic-antialias", by: tf(2, resample.Keys(-0.5), true)},
	TFLanczos3Antialias: {name: "tf-lanczos3-antialias", by: tf(3, resample.Lanczos(3), true)},
	TFLanczos5Antialias: {name: "tf-lanczos5-antialias", by: tf(5, resample.Lanczos(5), true)},
	TFGaussianAntialias: {name: "tf-gaussian-antialias", by: tf(1.5, resample.Gaussian, true)},
	TFMitchellAntialias: {name: "tf-mitchellcubic-antialias", by: tf(2, resample.Mitchell, true)},

	CVNearest:      {name: "cv-nearest", of: rounded, by: resample.Filter{Nearest: resample.Corner}},
	CVNearestExact: {name: "cv-nearest-exact", of: rounded, by: resample.Filter{Nearest: resample.Added}},
	CVLinear:       {name: "cv-linear", of: rounded, by: cv(1, resample.Triangle)},
	CVCubic:        {name: "cv-cubic", of: rounded, by: cv(2, resample.Keys(-0.75))},
	CVArea: {name: "cv-area", of: rounded, by: resample.Filter{Area: resample.Cover},
		larger: &resample.Filter{Area: resample.Cut}},
	CVLanczos4: {name: "cv-lanczos4", of: rounded, by: cv(4, resample.Lanczos(4))},
}

// spread returns a filter whose kernel spreads over all pixels when a picture gets smaller.
func spread(radius float64, kernel func(x float64) float64) resample.Filter {
	return resample.Filter{Radius: radius, Kernel: kernel, Spread: true}
}

// tf returns a filter as TensorFlow computes it: in float32, which decides whether a pixel at
// the radius counts.
func tf(radius float64, kernel func(x float64) float64, antialias bool) resample.Filter {
	return resample.Filter{Radius: radius, Kernel: kernel, Spread: antialias, Single: true}
}

// cv returns a filter in which the pixels at the edge stand for those beyond.
func cv(radius float64, kernel func(x float64) float64) resample.Filter {
	return resample.Filter{Radius: radius, Kernel: kernel, Edge: true}
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
