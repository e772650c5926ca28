package nn

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/tensor"
)

// STFTConfig holds the settings of [STFTInitializer]. The zero STFTConfig is Keras's default.
type STFTConfig struct {
	// Imaginary gives the imaginary parts, not the real ones.
	Imaginary bool
	// Window is the function that frames are multiplied by, [Hann] by default.
	Window Taper
	// Periodic makes the window that of a frame longer by one, without its last element.
	Periodic bool
	// Scaling is [Density] by default.
	Scaling Scaling
}

// Taper is a window function of a spectrum: it tapers a frame at its ends.
type Taper string

// The tapers, by SciPy's names.
const (
	Hann           Taper = "hann"
	Hamming        Taper = "hamming"
	Blackman       Taper = "blackman"
	BlackmanHarris Taper = "blackmanharris"
	Nuttall        Taper = "nuttall"
	FlatTop        Taper = "flattop"
	Bartlett       Taper = "bartlett"
	Triangle       Taper = "triang"
	Cosine         Taper = "cosine"
	Boxcar         Taper = "boxcar"
	// NoWindow leaves frames as they are, without a scaling.
	NoWindow Taper = "none"
)

// Scaling is the divisor of a window.
type Scaling string

// The scalings: by the root of the sum of the window's squares, by its sum, by 1.
const (
	Density   Scaling = "density"
	Spectrum  Scaling = "spectrum"
	NoScaling Scaling = "none"
)

// cosines are the windows that are sums Σ aₖ·cos(k·φ), φ going from -π to π.
var cosines = map[Taper][]float64{
	Hann:           {0.5, 0.5},
	Hamming:        {0.54, 0.46},
	Blackman:       {0.42, 0.50, 0.08},
	BlackmanHarris: {0.35875, 0.48829, 0.14128, 0.01168},
	Nuttall:        {0.3635819, 0.4891775, 0.1365995, 0.0106411},
	FlatTop:        {0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368},
}

// others holds element i of n of the windows that are not in cosines.
var others = map[Taper]func(i, n float64) float64{
	Bartlett: func(i, n float64) float64 { return 1 - math.Abs(2*i/(n-1)-1) },
	Triangle: func(i, n float64) float64 {
		odd := math.Mod(n, 2)
		return 1 - math.Abs(2*i+1-n)/(n+odd)
	},
	Cosine: func(i, n float64) float64 { return math.Sin(math.Pi / n * (i + 0.5)) },
	Boxcar: func(_, _ float64) float64 { return 1 },
}

// STFTInitializer gives the kernel of a convolution that computes a short-time Fourier transform,
// the real or the imaginary parts:
//
//	cos or sin(-2π·t·f/(2·(F-1))) · window(t) / scale
//
// Shapes: kernel [T in F], the same for every input channel.
// Panics with *graph.Error, when used, if the variable has another number of axes or F
// is 1, or if the window or the scaling is unknown.
// Source: keras.initializers.STFT.
func STFTInitializer(c STFTConfig) Initializer {
	if c.Window == "" {
		c.Window = Hann
	}
	if c.Scaling == "" {
		c.Scaling = Density
	}
	cfg := initConfig{Side: "real", Window: nameOrNull(string(c.Window)), Periodic: &c.Periodic, Scaling: nameOrNull(string(c.Scaling))}
	if c.Imaginary {
		cfg.Side = "imag"
	}
	return Initializer{class: "STFT", fixed: true, cfg: cfg, fill: c.fill}
}

func (c STFTConfig) fill(dst []float64, shape tensor.Dims, _ *Rand) {
	if shape.Rank() != 3 || shape.At(2) < 2 {
		panic(graph.Errorf("nn.STFTInitializer: variable %v: want [frame channels frequencies], two frequencies or more", shape))
	}
	frame, channels, fft := shape.At(0), shape.At(1), shape.At(2)
	window, scale := c.window(frame)
	part := math.Cos
	if c.Imaginary {
		part = math.Sin
	}
	for t := range frame {
		for ch := range channels {
			for f := range fft {
				angle := -2 * math.Pi * float64(t) * float64(f) / float64(2*(fft-1))
				dst[(t*channels+ch)*fft+f] = part(angle) * window[t] / scale
			}
		}
	}
}

// window returns the window of n elements, and its divisor.
func (c STFTConfig) window(n int) (w []float64, scale float64) {
	w = make([]float64, n)
	if err := c.check(); err != nil {
		panic(graph.Errorf("nn.STFTInitializer: %v", err))
	}
	if c.Window == NoWindow {
		for i := range w {
			w[i] = 1
		}
		return w, 1
	}
	whole := float64(n)
	if c.Periodic && c.Window != Boxcar {
		whole++
	}
	for i := range w {
		w[i] = c.Window.at(float64(i), whole)
	}
	scale = 1
	switch c.Scaling {
	case Density:
		scale = length(w)
	case Spectrum:
		scale = 0
		for _, v := range w {
			scale += math.Abs(v)
		}
	}
	return w, scale
}

// at returns element i of a window of n.
func (w Taper) at(i, n float64) float64 {
	if n <= 1 {
		return 1
	}
	if f := others[w]; f != nil {
		return f(i, n)
	}
	var sum float64
	for k, a := range cosines[w] {
		sum += float64(a * math.Cos(float64(k)*(2*math.Pi*i/(n-1)-math.Pi)))
	}
	return sum
}

// check returns an error unless the window and the scaling are known.
func (c STFTConfig) check() error {
	if c.Window != NoWindow && cosines[c.Window] == nil && others[c.Window] == nil {
		known := slices.Sorted(maps.Keys(cosines))
		return fmt.Errorf("window %q: want one of %q or %q", c.Window, append(known, slices.Sorted(maps.Keys(others))...), NoWindow)
	}
	if c.Scaling != Density && c.Scaling != Spectrum && c.Scaling != NoScaling {
		return fmt.Errorf("scaling %q: want %q, %q or %q", c.Scaling, Density, Spectrum, NoScaling)
	}
	return nil
}

func nameOrNull(name string) json.RawMessage {
	if name == "none" {
		return json.RawMessage("null")
	}
	text, err := json.Marshal(name)
	if err != nil {
		return nil
	}
	return text
}

// stftOf returns the initializer of Keras's config.
func stftOf(c *vocab.Config) (Initializer, error) {
	s := struct {
		Side     string  `json:"side"`
		Window   *string `json:"window"`
		Periodic bool    `json:"periodic"`
		Scaling  *string `json:"scaling"`
	}{Side: "real", Window: new(string), Scaling: new(string)}
	if err := c.Into(&s); err != nil {
		return Initializer{}, err
	}
	if s.Side != "real" && s.Side != "imag" {
		return Initializer{}, fmt.Errorf("side %q: want \"real\" or \"imag\"", s.Side)
	}
	cfg := STFTConfig{Imaginary: s.Side == "imag", Window: NoWindow, Periodic: s.Periodic, Scaling: NoScaling}
	if s.Window != nil {
		cfg.Window = Taper(*s.Window)
		if *s.Window == "" {
			cfg.Window = Hann
		}
	}
	if s.Scaling != nil {
		cfg.Scaling = Scaling(*s.Scaling)
		if *s.Scaling == "" {
			cfg.Scaling = Density
		}
	}
	return STFTInitializer(cfg), cfg.check()
}
