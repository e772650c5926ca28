package nn

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/tensor"
)

// Initializer gives a new variable its first value. The zero Initializer gives
// zeros. [InitializerFunc] makes one of a function of your own.
type Initializer struct {
	class string
	cfg   initConfig
	fill  func(dst []float64, shape tensor.Dims, r *Rand)
	own   bool // a function of the user's
	fixed bool // it draws no random numbers
	fans  bool // its variance follows from the numbers of inputs and outputs
}

// initConfig holds the settings of Keras's configs of initializers.
type initConfig struct {
	Value        any      `json:"value,omitempty"`
	Scale        *float64 `json:"scale,omitempty"`
	Mode         string   `json:"mode,omitempty"`
	Distribution string   `json:"distribution,omitempty"`
	Mean         *float64 `json:"mean,omitempty"`
	Stddev       *float64 `json:"stddev,omitempty"`
	Minval       *float64 `json:"minval,omitempty"`
	Maxval       *float64 `json:"maxval,omitempty"`
	Gain         *float64 `json:"gain,omitempty"`
	Seed         *uint64  `json:"seed,omitempty"`

	Side     string          `json:"side,omitempty"`
	Window   json.RawMessage `json:"window,omitempty"` // a name, or null for none
	Periodic *bool           `json:"periodic,omitempty"`
	Scaling  json.RawMessage `json:"scaling,omitempty"` // a name, or null for none
}

// InitializerFunc returns an initializer of your own: f sets the elements of a
// variable of the given shape, row-major, and draws from r if it needs to. To be saved it
// needs [Initializer.Register].
func InitializerFunc(name string, f func(dst []float64, shape tensor.Dims, r *Rand)) Initializer {
	return Initializer{class: name, fill: f, own: true}
}

// Seeded returns the initializer with a seed of its own, so that it gives the
// same values to every variable of one shape. Files store Keras's seeds, of 32 bits. An
// initializer that draws no random numbers, such as [Ones], stays as it is.
func (i Initializer) Seeded(seed uint64) Initializer {
	if !i.fixed {
		i.cfg.Seed = &seed
	}
	return i
}

// Zeros sets every element to 0.
var Zeros = Initializer{class: "Zeros", fixed: true}

// Ones sets every element to 1.
var Ones = Initializer{class: "Ones", fixed: true, fill: constant(1)}

// RandomNormal draws from the normal distribution. Keras's default is mean 0 and
// stddev 0.05.
func RandomNormal(mean, stddev float64) Initializer {
	return Initializer{class: "RandomNormal", cfg: initConfig{Mean: &mean, Stddev: &stddev}, fill: func(dst []float64, _ tensor.Dims, r *Rand) {
		r.Normal(dst)
		affine(dst, stddev, mean)
	}}
}

// TruncatedNormal draws from the normal distribution, and draws values again that are more
// than two standard deviations from the mean. Keras's default is mean 0 and stddev 0.05.
func TruncatedNormal(mean, stddev float64) Initializer {
	return Initializer{class: "TruncatedNormal", cfg: initConfig{Mean: &mean, Stddev: &stddev}, fill: func(dst []float64, _ tensor.Dims, r *Rand) {
		r.truncated(dst)
		affine(dst, stddev, mean)
	}}
}

// RandomUniform draws from [low, high). Keras's default is -0.05 to 0.05.
func RandomUniform(low, high float64) Initializer {
	return Initializer{class: "RandomUniform", cfg: initConfig{Minval: &low, Maxval: &high}, fill: func(dst []float64, _ tensor.Dims, r *Rand) {
		r.Uniform(dst)
		affine(dst, high-low, low)
	}}
}

// The initializers that scale their variance with the shape. A kernel
// [... in out] has fan-in in·r and fan-out out·r, r being the product of the axes
// before; a vector has its length as both.
//
// Source: Glorot, Bengio 2010, "Understanding the difficulty of training deep
// feedforward neural networks"; He et al. 2015, arXiv:1502.01852; LeCun et al.
// 1998, "Efficient BackProp". Formulas as in Keras.
var (
	// GlorotUniform draws from ±√(6 / (fan-in + fan-out)): the default of kernels.
	GlorotUniform = named("GlorotUniform", 1, FanAvg, Uniform)
	// GlorotNormal draws with standard deviation √(2 / (fan-in + fan-out)), truncated.
	GlorotNormal = named("GlorotNormal", 1, FanAvg, Truncated)
	// HeUniform draws from ±√(6 / fan-in).
	HeUniform = named("HeUniform", 2, FanIn, Uniform)
	// HeNormal draws with standard deviation √(2 / fan-in), truncated.
	HeNormal = named("HeNormal", 2, FanIn, Truncated)
	// LecunUniform draws from ±√(3 / fan-in).
	LecunUniform = named("LecunUniform", 1, FanIn, Uniform)
	// LecunNormal draws with standard deviation √(1 / fan-in), truncated.
	LecunNormal = named("LecunNormal", 1, FanIn, Truncated)
)

// Fan is the divisor of the variance of [VarianceScaling].
type Fan string

// The numbers of inputs and outputs of a unit, and their mean.
const (
	FanIn  Fan = "fan_in"
	FanOut Fan = "fan_out"
	FanAvg Fan = "fan_avg"
)

// Distribution is the distribution that [VarianceScaling] draws from.
type Distribution string

// Truncated is a normal distribution cut off at two standard deviations, and widened to keep
// the variance.
const (
	Uniform   Distribution = "uniform"
	Normal    Distribution = "untruncated_normal"
	Truncated Distribution = "truncated_normal"
)

// VarianceScaling draws with mean 0 and variance scale / fan.
func VarianceScaling(scale float64, fan Fan, d Distribution) Initializer {
	i := named("VarianceScaling", scale, fan, d)
	i.cfg.Scale, i.cfg.Mode, i.cfg.Distribution = &scale, string(fan), string(d)
	return i
}

// truncatedStddev is the standard deviation of the standard normal distribution
// truncated to ±2: √(1 - 4φ(2) / (2Φ(2) - 1)).
var truncatedStddev = math.Sqrt(1 - 4*math.Exp(-2)/math.Sqrt(2*math.Pi)/math.Erf(math.Sqrt2))

func named(class string, scale float64, fan Fan, d Distribution) Initializer {
	return Initializer{class: class, fans: true, fill: func(dst []float64, shape tensor.Dims, r *Rand) {
		if !(scale > 0) || math.IsInf(scale, 1) || fan != FanIn && fan != FanOut && fan != FanAvg || d != Uniform && d != Normal && d != Truncated {
			panic(graph.Errorf("nn.VarianceScaling: scale %v, fan %q, distribution %q: want a positive number, a Fan and a Distribution of package nn", scale, fan, d))
		}
		variance := scale / max(1, fan.of(shape))
		switch d {
		case Truncated:
			r.truncated(dst)
			affine(dst, math.Sqrt(variance)/truncatedStddev, 0)
		case Normal:
			r.Normal(dst)
			affine(dst, math.Sqrt(variance), 0)
		default:
			limit := math.Sqrt(3 * variance)
			r.Uniform(dst)
			affine(dst, 2*limit, -limit)
		}
	}}
}

// between returns the initializer of a kernel with these numbers of inputs and outputs, which may
// lie on any of its axes.
func (i Initializer) between(in, out int) Initializer {
	if fill := i.fill; i.fans {
		i.fill = func(dst []float64, _ tensor.Dims, r *Rand) { fill(dst, tensor.D(in, out), r) }
	}
	return i
}

// of returns the fan of a variable.
func (f Fan) of(shape tensor.Dims) float64 {
	var in, out int
	switch rank := shape.Rank(); rank {
	case 0:
		in, out = 1, 1
	case 1:
		in, out = shape.At(0), shape.At(0)
	default:
		field := shape.To(rank - 2).Size()
		in, out = shape.At(-2)*field, shape.At(-1)*field
	}
	switch f {
	case FanIn:
		return float64(in)
	case FanOut:
		return float64(out)
	}
	return float64(in+out) / 2
}

func affine(v []float64, scale, offset float64) {
	for i := range v {
		v[i] = float64(v[i]*scale) + offset
	}
}

// Or returns i, or other if i is the zero Initializer: a layer's default.
func (i Initializer) Or(other Initializer) Initializer {
	if i.class == "" {
		return other
	}
	return i
}

// set gives t its first value from the stream, or from the initializer's own seed.
func (i Initializer) set(t *tensor.Tensor, seed, stream uint64) error {
	if i.fill == nil {
		return nil
	}
	if i.cfg.Seed != nil {
		seed, stream = *i.cfg.Seed, paramStream
	}
	v := make([]float64, t.Len())
	i.fill(v, t.Shape(), &Rand{key: seed, stream: stream})
	return t.SetFloat64s(v)
}

// MarshalJSON writes the initializer as Keras does. It fails for initializers that Keras
// does not have.
func (i Initializer) MarshalJSON() ([]byte, error) {
	switch {
	case i.own:
		return ownObject(&initializers, i.class)
	case i.class == "":
		return []byte("null"), nil
	case i.cfg.Seed != nil && *i.cfg.Seed > math.MaxUint32:
		return nil, fmt.Errorf("nn: initializer %s: seed %d: Keras's have 32 bits: want %d at most", i.class, *i.cfg.Seed, uint32(math.MaxUint32))
	}
	return initializers.Marshal(i.class, i.cfg)
}

// UnmarshalJSON reads an initializer as Keras writes it: an object, or a name such as
// "glorot_uniform".
func (i *Initializer) UnmarshalJSON(b []byte) error {
	known, err := initializers.Unmarshal(b)
	if err != nil {
		return fmt.Errorf("nn: %w", err)
	}
	*i = known
	return nil
}

// initializers holds Keras's classes, which files also name in snake case.
var initializers = vocab.Table[Initializer]{
	Kind: "initializer", Module: "keras.initializers", Fold: SnakeCase,
	Fixed: map[string]string{"dtype": "", "seed": ""},
	Classes: []vocab.Class[Initializer]{
		{Name: "Zeros", Aliases: []string{"zero"}, New: vocab.Plain(Zeros)},
		{Name: "Ones", Aliases: []string{"one"}, New: vocab.Plain(Ones)},
		{Name: "Constant", New: constantOf},
		{Name: "Identity", Aliases: []string{"IdentityInitializer"}, New: initOf(func(c initConfig) Initializer {
			return IdentityInitializer(vocab.Or(c.Gain, 1))
		})},
		{Name: "Orthogonal", Aliases: []string{"OrthogonalInitializer"}, New: initOf(func(c initConfig) Initializer {
			return OrthogonalInitializer(vocab.Or(c.Gain, 1))
		})},
		{Name: "STFT", Aliases: []string{"STFTInitializer"}, New: stftOf},
		{Name: "RandomNormal", Aliases: []string{"normal"}, New: initOf(func(c initConfig) Initializer {
			return RandomNormal(vocab.Or(c.Mean, 0), vocab.Or(c.Stddev, 0.05))
		})},
		{Name: "TruncatedNormal", New: initOf(func(c initConfig) Initializer {
			return TruncatedNormal(vocab.Or(c.Mean, 0), vocab.Or(c.Stddev, 0.05))
		})},
		{Name: "RandomUniform", Aliases: []string{"uniform"}, New: initOf(func(c initConfig) Initializer {
			return RandomUniform(vocab.Or(c.Minval, -0.05), vocab.Or(c.Maxval, 0.05))
		})},
		{Name: "GlorotUniform", New: seedOf(GlorotUniform)},
		{Name: "GlorotNormal", New: seedOf(GlorotNormal)},
		{Name: "HeUniform", New: seedOf(HeUniform)},
		{Name: "HeNormal", New: seedOf(HeNormal)},
		{Name: "LecunUniform", New: seedOf(LecunUniform)},
		{Name: "LecunNormal", New: seedOf(LecunNormal)},
		{Name: "VarianceScaling", New: initOf(func(c initConfig) Initializer {
			return VarianceScaling(vocab.Or(c.Scale, 1), Fan(c.Mode).or(FanIn), Distribution(c.Distribution).or(Truncated))
		})},
	},
}

// initOf returns a maker of initializers with settings.
func initOf(f func(c initConfig) Initializer) func(c *vocab.Config) (Initializer, error) {
	return func(c *vocab.Config) (Initializer, error) {
		var cfg initConfig
		if err := c.Into(&cfg); err != nil {
			return Initializer{}, err
		}
		i := f(cfg)
		if cfg.Seed != nil {
			i = i.Seeded(*cfg.Seed)
		}
		return i, nil
	}
}

// seedOf returns a maker of an initializer whose only setting is the seed.
func seedOf(i Initializer) func(c *vocab.Config) (Initializer, error) {
	return initOf(func(initConfig) Initializer { return i })
}

func (f Fan) or(def Fan) Fan {
	if f == "" {
		return def
	}
	return f
}

func (d Distribution) or(def Distribution) Distribution {
	switch d {
	case "":
		return def
	case "normal":
		return Truncated
	}
	return d
}

// Rand draws random numbers from a Philox stream: the same numbers in the same
// order on every machine.
type Rand struct {
	key, stream, offset uint64
}

// paramStream is the first of the streams that initial values come from, apart
// from those of training steps.
const paramStream = 1 << 63

// Uniform sets dst to numbers from [0, 1).
func (r *Rand) Uniform(dst []float64) { r.draw(dst, kern.Uniform) }

// Normal sets dst to numbers from the standard normal distribution.
func (r *Rand) Normal(dst []float64) { r.draw(dst, kern.Normal) }

func (r *Rand) draw(dst []float64, from func(dst []float32, key, stream, offset uint64)) {
	var buf [1024]float32
	for len(dst) > 0 {
		part := buf[:min(len(dst), len(buf))]
		from(part, r.key, r.stream, r.offset)
		for i, v := range part {
			dst[i] = float64(v)
		}
		r.offset += uint64(len(part))
		dst = dst[len(part):]
	}
}

// truncated sets dst to numbers from the standard normal distribution within ±2.
func (r *Rand) truncated(dst []float64) {
	for n := 0; n < len(dst); {
		r.Normal(dst[n:])
		for _, v := range dst[n:] {
			if math.Abs(v) <= 2 {
				dst[n] = v
				n++
			}
		}
	}
}
