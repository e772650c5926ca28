package bench

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/internal/impl"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// Networks holds measurements of known networks.
type Networks struct {
	CPU           string             `json:"cpu"`
	ISA           string             `json:"isa"`
	Go            string             `json:"go"`
	Threads       int                `json:"threads"`
	PeakGflops1   float64            `json:"peak_gflops_1"`
	PeakGflopsAll float64            `json:"peak_gflops_all"`
	Networks      map[string]Network `json:"networks"`
}

// Network is a training step of a network with Adam. The floor of a step is the arithmetic
// of its products and convolutions at the peak rate.
type Network struct {
	StepMS1       float64 `json:"step_ms_1"`
	StepMSAll     float64 `json:"step_ms_all"`
	OfFloor1      float64 `json:"of_floor_1"`
	OfFloorAll    float64 `json:"of_floor_all"`
	AllocsPerStep float64 `json:"allocs_per_step"`
}

// known is a network that is measured: with batches of images of a size and some channels.
type known struct {
	name           string
	size, channels int
	make           func() *glia.Model
}

var knownNetworks = []known{{"mnist_convnet", 28, 1, convnet}, {"resnet20", 32, 3, resnet20}}

const networkSteps = 3 // of an epoch

// RunNetworks measures the networks, in a minute or two, and tells log of each.
func RunNetworks(ctx context.Context, log io.Writer) (*Networks, error) {
	defer par.SetThreads(0)
	par.SetThreads(0)
	r := &Networks{CPU: cpuName(), ISA: impl.ISA(), Go: runtime.Version(), Threads: par.Threads(), Networks: map[string]Network{}}
	fmt.Fprintf(log, "%s, %s, %d threads, %s\n", r.CPU, r.ISA, r.Threads, r.Go)
	for range 2 {
		r.PeakGflops1, r.PeakGflopsAll = max(r.PeakGflops1, peak(1)), max(r.PeakGflopsAll, peak(r.Threads))
	}
	for _, k := range knownNetworks {
		n, err := r.measure(ctx, k)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
		}
		r.Networks[k.name] = n
		fmt.Fprintf(log, "%-14s  a step of %d: %.1f ms with one thread (%.0f %% of the floor), %.1f ms with all (%.0f %%), %.2f allocations\n",
			k.name, batch, n.StepMS1, 100*n.OfFloor1, n.StepMSAll, 100*n.OfFloorAll, n.AllocsPerStep)
	}
	return r, nil
}

// measure times epochs of few steps, of which it takes the median.
func (r *Networks) measure(ctx context.Context, k known) (Network, error) {
	var res Network
	samples := networkSteps * batch
	x, y := tensor.New(tensor.Float32, samples, k.size, k.size, k.channels), tensor.New(tensor.Float32, samples, 10)
	copy(tensor.Data[float32](x), noise(x.Shape().Size()))
	for i := range samples {
		tensor.Data[float32](y)[10*i+i%10] = 1
	}
	train, err := data.New(x, y)
	if err != nil {
		return res, err
	}
	m := k.make()
	if err := m.Compile(optim.Adam(1e-3), loss.CategoricalCrossentropy()); err != nil {
		return res, err
	}
	epochs := epochsOf(ctx, m, train)
	for _, threads := range []int{1, 0} {
		par.SetThreads(threads)
		seconds, err := epochs(6)
		if err != nil {
			return res, err
		}
		step := median(seconds[1:]) / networkSteps
		if floor := stepFlops(m) / 1e9; threads == 1 {
			res.StepMS1, res.OfFloor1 = 1000*step, floor/r.PeakGflops1/step
		} else {
			res.StepMSAll, res.OfFloorAll = 1000*step, floor/r.PeakGflopsAll/step
		}
	}
	res.AllocsPerStep, err = allocsPerStep(epochs, samples)
	return res, err
}

// stepFlops returns the arithmetic of the products and convolutions of a training step: of
// each forward, by the weights, and by the input unless that is the network's own.
func stepFlops(m *glia.Model) float64 {
	sum, first := 0.0, true
	for _, r := range m.Network().Records() {
		var each float64 // of an element of the output
		switch l := r.Layer.(type) {
		case *nn.DenseLayer:
			each = float64(r.In[0].Shape.At(-1))
		case *nn.ConvLayer:
			each = float64(tensor.D(l.KernelSize...).Size() * r.In[0].Shape.At(-1))
		default:
			continue
		}
		passes := 3.0
		if first {
			passes, first = 2, false
		}
		sum += passes * 2 * each * float64(batch*r.Out[0].Shape.From(1).Size())
	}
	return sum
}

// convnet is Keras's example mnist_convnet.
func convnet() *glia.Model {
	return glia.Sequential(
		nn.Input(28, 28, 1),
		nn.Conv2D(32, 3, nn.ReLU), nn.MaxPooling2D(2),
		nn.Conv2D(64, 3, nn.ReLU), nn.MaxPooling2D(2),
		nn.Flatten(), nn.Dropout(0.5), nn.Dense(10, nn.Softmax),
	)
}

// resnet20 is the network of 20 layers for images of 32 by 32, whose shortcuts are
// convolutions where they change the size.
//
// Source: He et al. 2015, arXiv:1512.03385, section 4.2.
func resnet20() *glia.Model {
	conv := func(x *nn.Symbol, filters, size, stride int) *nn.Symbol {
		return nn.Apply(nn.BatchNormalization(), nn.Apply(nn.Conv2D(filters, size, nn.Strides(stride), nn.Same, nn.NoBias), x))
	}
	in := nn.Apply(nn.Input(32, 32, 3))
	x := nn.Apply(nn.ReLU, conv(in, 16, 3, 1))
	for i, filters := range []int{16, 32, 64} {
		for block := range 3 {
			stride, short := 1, x
			if i > 0 && block == 0 {
				stride, short = 2, conv(x, filters, 1, 2)
			}
			y := conv(nn.Apply(nn.ReLU, conv(x, filters, 3, stride)), filters, 3, 1)
			x = nn.Apply(nn.ReLU, nn.Apply(nn.Add(), y, short))
		}
	}
	return glia.Functional([]*nn.Symbol{in}, []*nn.Symbol{nn.Apply(nn.Dense(10, nn.Softmax), nn.Apply(nn.GlobalAveragePooling2D(), x))})
}
