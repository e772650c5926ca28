// Package applications has the networks of keras.applications: for pictures, of known shapes,
// with Keras's layers, names, configs and numbers of parameters, so that Keras's files of their
// weights can be read.
//
//	base, err := applications.MobileNetV2(applications.NoTop, applications.InputShape(96, 96, 3),
//		applications.Weights("mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_96_no_top.h5"))
//	base.Frozen = true
//	m := glia.Sequential(base, nn.GlobalAveragePooling2D(), nn.Dense(5, nn.Softmax))
//
// Each network takes pictures with the channels last, prepared as [Preparation] says. Without
// [NoTop] it ends with the classes of ImageNet, or as many as [Classes] says, and takes pictures
// of the size for which it was made; with it, it ends with maps of features, of pictures of any
// size. A constructor returns an error for pictures that are smaller than Keras takes, and for
// files that do not fit; what else is wrong is an error when the network is built.
//
// Each family is one file, with its blocks and its table. Source: keras.applications of Keras
// 3.15.1; the papers stand at the families.
package applications

import (
	"errors"
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/nn"
)

// settings are those of all families; each has some of them.
type settings struct {
	noTop      bool
	shape      []int // of a picture, nil for the family's
	pool       func(opts ...nn.GlobalPoolingOption) *nn.GlobalPoolingLayer
	classes    int
	activation nn.Activation
	weights    string
	published  bool

	alpha        float64
	multiplier   int
	dropout      float64
	minimalistic bool
	raw          bool // without layers that prepare pictures

	bad error
}

// Option is an option of every network.
type Option interface{ set(*settings) }

// Setting is an option that sets what every network has.
type Setting func(*settings)

func (f Setting) set(s *settings) { f(s) }

// NoTop omits the layers that classify: the output is the maps of features before them, or
// with [AveragePool] or [MaxPool] one vector of them. Keras's include_top=False.
var NoTop Setting = func(s *settings) { s.noTop = true }

// AveragePool and MaxPool end a network with [NoTop] with the mean, or the greatest, of each
// map: Keras's pooling.
var (
	AveragePool Setting = func(s *settings) { s.pool = nn.GlobalAveragePooling2D }
	MaxPool     Setting = func(s *settings) { s.pool = nn.GlobalMaxPooling2D }
)

// InputShape sets the shape of a picture. Height and width may be [nn.Any] where the network
// does not flatten its maps, and with [NoTop].
func InputShape(height, width, channels int) Setting {
	return func(s *settings) { s.shape = []int{height, width, channels} }
}

// Classes sets the number of classes, 1000 by default.
func Classes(n int) Setting { return func(s *settings) { s.classes = n } }

// ClassifierActivation sets the activation of the classes, [nn.Softmax] by default; with
// [nn.Linear] the output is logits.
func ClassifierActivation(a nn.Activation) Setting {
	return func(s *settings) { s.activation = a }
}

// Weights has the constructor build the network and read its weights from a file: a .keras,
// .weights.h5 or .h5 file of the same network, such as those that Keras publishes, with _notop
// in their names for [NoTop]. Layers find their weights by their order, as in Keras.
func Weights(path string) Setting { return func(s *settings) { s.weights = path } }

// Published makes the network for which Keras publishes weights of ImageNet, where it is another
// one: EfficientNetB0 to B7 then scale the channels once more.
var Published Setting = func(s *settings) { s.published = true }

// PreparingOption is an option of networks that prepare pictures themselves: [NoPreparation],
// or an [Option].
type PreparingOption interface{ setPreparing(*settings) }

// PreparingSetting is an option of networks that prepare pictures themselves.
type PreparingSetting func(*settings)

func (f PreparingSetting) setPreparing(s *settings)   { f(s) }
func (f PreparingSetting) setMobileNetV3(s *settings) { f(s) }
func (f Setting) setPreparing(s *settings)            { f(s) }

// NoPreparation omits the layers that prepare pictures: Keras's include_preprocessing=False.
var NoPreparation PreparingSetting = func(s *settings) { s.raw = true }

// settingsOf returns the settings after options, by the method with which a family takes them.
func settingsOf[O any](opts []O, set func(O, *settings)) settings {
	s := settings{classes: 1000, activation: nn.Softmax, alpha: 1, multiplier: 1, dropout: -1}
	for i, o := range opts {
		if any(o) == nil {
			s.bad = fmt.Errorf("option %d is nil", i)
			break
		}
		set(o, &s)
	}
	return s
}

// family is what differs between the networks of one function.
type family struct {
	name    string // of the function
	network string // the network's, Keras's default
	size    int    // of pictures, if there is a top
	least   int    // size that Keras takes
	open    bool   // pictures may be of any size with a top, too
	sized   bool   // pictures have a size without a top, too: the family's
}

// make returns the network that grow makes of an input. It is built if it has weights from a
// file.
func (s settings) make(f family, grow func(n *net, x maps) maps) (*nn.Network, error) {
	n, err := s.grown(f, grow)
	if err == nil && s.weights != "" {
		err = load(n, s.weights)
	}
	if err != nil {
		return nil, fmt.Errorf("applications: %s: %w", f.name, err)
	}
	return n, nil
}

func (s settings) grown(f family, grow func(n *net, x maps) maps) (*nn.Network, error) {
	shape, err := s.input(f)
	if err != nil {
		return nil, err
	}
	var made *nn.Network
	err = graph.Catch(func() {
		n := &net{settings: s, count: map[string]int{}}
		in := n.add(maps{h: shape[0], w: shape[1], c: shape[2]}, nn.Input(shape))
		out := grow(n, in)
		made = nn.Functional([]*nn.Symbol{in.Symbol}, []*nn.Symbol{out.Symbol}).With(nn.Name(f.network))
		made.Declared() // panics if the network was put together wrongly
	})
	return made, err
}

// input returns the shape of pictures.
func (s settings) input(f family) ([]int, error) {
	if s.bad != nil {
		return nil, s.bad
	}
	if !s.noTop && s.classes < 1 {
		return nil, fmt.Errorf("%d classes: want 1 or more", s.classes)
	}
	if s.shape == nil {
		if !s.noTop && !f.open || f.sized {
			return []int{f.size, f.size, 3}, nil
		}
		return []int{nn.Any, nn.Any, 3}, nil
	}
	for _, d := range s.shape[:2] {
		switch {
		case d == nn.Any && f.sized:
			return nil, fmt.Errorf("pictures of shape %v: want a height and a width, on which the cells depend", s.shape)
		case d == nn.Any && !s.noTop && !f.open:
			return nil, fmt.Errorf("pictures of shape %v: want a height and a width, or NoTop", s.shape)
		case d != nn.Any && d < f.least:
			return nil, fmt.Errorf("pictures of shape %v: want a height and a width of %d or more", s.shape, f.least)
		}
	}
	if s.shape[2] < 1 {
		return nil, fmt.Errorf("pictures of shape %v: want 1 channel or more", s.shape)
	}
	if s.published && s.shape[2] != 3 {
		return nil, fmt.Errorf("pictures of shape %v: want 3 channels, for which Keras publishes weights", s.shape)
	}
	return s.shape, nil
}

// load builds a network and reads its weights from a file.
func load(n *nn.Network, path string) (err error) {
	f, err := keras.OpenFile(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := nn.NewBuilder(0)
	b.Blank, b.Limit = true, f.Elements()+1<<20
	err = graph.Catch(func() {
		in, _ := n.Declared()
		n.BuildOpen(b, in)
	})
	if err == nil {
		err = f.LoadWeights(n, keras.LoadOptions{})
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
