// Customlayer trains a network with a layer of its own: one with learned
// frequencies, which fits waves that a plain network is slow to learn.
package main

import (
	"fmt"
	"io"
	"log"
	"math"
	"os"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// Waves maps the features of x to sines of learned frequency and phase.
//
// Shapes: x [B in], frequency [in units], phase [units] -> [B units].
type Waves struct {
	nn.Base
	Units  int     `json:"units"`
	Spread float64 `json:"spread"`

	frequency, phase *graph.Var
}

// NewWaves returns a layer of that number of waves. Options: [Spread], and those of every
// layer, nn.Name, nn.Frozen, a dtype policy.
func NewWaves(units int, opts ...nn.OptionOf[Waves]) *Waves {
	return nn.Setup(&Waves{Units: units, Spread: 8}, opts...)
}

// Spread is the standard deviation of the first frequencies, 8 by default.
func Spread(s float64) nn.SettingOf[Waves] { return func(l *Waves) { l.Spread = s } }

// Models with the layer are saved and loaded, by Keras too if it has a class of this name.
func init() { nn.Register("glia_examples>Waves", func() nn.Layer { return &Waves{Spread: 8} }) }

// Build makes the layer's variables.
func (l *Waves) Build(b *nn.Builder, in tensor.Spec) {
	l.frequency = b.Param("frequency", tensor.D(in.Shape.At(-1), l.Units), nn.RandomNormal(0, l.Spread))
	l.phase = b.Param("phase", tensor.D(l.Units), nn.Zeros)
}

// Call traces the layer. Its gradient follows by itself.
func (l *Waves) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return ops.Sin(ops.Add(ops.MatMul(x, c.Value(l.frequency)), c.Value(l.phase)))
}

func main() {
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(w io.Writer) error {
	const n = 256
	x, y := tensor.New(tensor.Float32, n, 1), tensor.New(tensor.Float32, n, 1)
	for i := range n {
		v := 2*float64(i)/n - 1
		tensor.Data[float32](x)[i] = float32(v)
		tensor.Data[float32](y)[i] = float32(math.Sin(15*v) * math.Cos(4*v))
	}
	wave, err := data.New(x, y)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		name  string
		layer nn.Layer
	}{
		{"waves", NewWaves(32, nn.Name("waves"))},
		{"tanh", nn.Dense(32, nn.Tanh)},
	} {
		m := glia.Sequential(nn.Input(1), c.layer, nn.Dense(1))
		if err := m.Compile(optim.Adam(0.01), loss.MeanSquaredError()); err != nil {
			return err
		}
		h, err := m.Fit(wave, glia.Epochs(100))
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%-5s  mean squared error %.3f\n", c.name, h.Epochs[len(h.Epochs)-1].Loss)
	}
	return nil
}
