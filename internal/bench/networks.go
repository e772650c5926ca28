package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/applications"
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
	Images        map[string]Image   `json:"images"`
}

// Network is a training step of a network with Adam. The floor of a step is the arithmetic
// of its products and convolutions at the peak rate. The activations are the values of the
// forward part that the backward part reads.
type Network struct {
	StepMS1         float64 `json:"step_ms_1"`
	StepMSAll       float64 `json:"step_ms_all"`
	OfFloor1        float64 `json:"of_floor_1"`
	OfFloorAll      float64 `json:"of_floor_all"`
	AllocsPerStep   float64 `json:"allocs_per_step"`
	ArenaBytes      int     `json:"arena_bytes"`
	ActivationBytes int     `json:"activation_bytes"`
}

// Image is a prediction for one image of 224 by 224.
type Image struct {
	P50MS1   float64 `json:"p50_ms_1"`
	P99MS1   float64 `json:"p99_ms_1"`
	P50MSAll float64 `json:"p50_ms_all"`
	P99MSAll float64 `json:"p99_ms_all"`
}

// known is a network that is measured: with batches of images of a size and some channels.
type known struct {
	name                  string
	batch, size, channels int
	make                  func() (*glia.Model, error)
}

var knownNetworks = []known{
	{"mnist_convnet", batch, 28, 1, convnet}, {"resnet20", batch, 32, 3, resnet20}, {"mobilenetv2", 32, 96, 3, mobilenet},
}

// knownOfImages are the networks that predict single images.
var knownOfImages = map[string]func() (*nn.Network, error){
	"resnet50":    func() (*nn.Network, error) { return applications.ResNet50() },
	"mobilenetv2": func() (*nn.Network, error) { return applications.MobileNetV2() },
}

const networkSteps = 3 // of an epoch

// RunNetworks measures the networks, in a minute or two, and tells log of each.
func RunNetworks(ctx context.Context, log io.Writer) (*Networks, error) {
	defer par.SetThreads(0)
	par.SetThreads(0)
	r := &Networks{CPU: cpuName(), ISA: impl.ISA(), Go: runtime.Version(), Threads: par.Threads(), Networks: map[string]Network{}, Images: map[string]Image{}}
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
		fmt.Fprintf(log, "%-14s  a step of %d: %.1f ms with one thread (%.0f %% of the floor), %.1f ms with all (%.0f %%), %.2f allocations, arena %.1f MB, %.2f of the activations\n",
			k.name, k.batch, n.StepMS1, 100*n.OfFloor1, n.StepMSAll, 100*n.OfFloorAll, n.AllocsPerStep,
			float64(n.ArenaBytes)/1e6, float64(n.ArenaBytes)/float64(n.ActivationBytes))
	}
	for _, name := range slices.Sorted(maps.Keys(knownOfImages)) {
		image, err := predictions(ctx, knownOfImages[name])
		if err != nil {
			return nil, fmt.Errorf("an image through %s: %w", name, err)
		}
		r.Images[name] = image
		fmt.Fprintf(log, "%-14s  an image: p50 %.1f ms, p99 %.1f ms with one thread, %.1f and %.1f ms with all\n",
			name, image.P50MS1, image.P99MS1, image.P50MSAll, image.P99MSAll)
	}
	return r, nil
}

// predictions times predictions for one image, for some seconds.
func predictions(ctx context.Context, make func() (*nn.Network, error)) (Image, error) {
	var res Image
	network, err := make()
	if err != nil {
		return res, err
	}
	m := glia.New(network)
	x := tensor.New(tensor.Float32, 1, 224, 224, 3)
	copy(tensor.Data[float32](x), noise(x.Shape().Size()))
	for _, threads := range []int{1, 0} {
		par.SetThreads(threads)
		var ms []float64
		for begin := time.Now(); time.Since(begin) < 6*time.Second || len(ms) < 10; {
			start := time.Now()
			if _, err := m.Predict(x); err != nil || ctx.Err() != nil {
				return res, errors.Join(err, ctx.Err())
			}
			ms = append(ms, 1000*time.Since(start).Seconds())
		}
		p50, p99 := percentiles(ms[2:]) // the first compile
		if threads == 1 {
			res.P50MS1, res.P99MS1 = p50, p99
		} else {
			res.P50MSAll, res.P99MSAll = p50, p99
		}
	}
	return res, nil
}

// measure times epochs of few steps, of which it takes the median.
func (r *Networks) measure(ctx context.Context, k known) (Network, error) {
	var res Network
	samples := networkSteps * k.batch
	x, y := tensor.New(tensor.Float32, samples, k.size, k.size, k.channels), tensor.New(tensor.Float32, samples, 10)
	copy(tensor.Data[float32](x), noise(x.Shape().Size()))
	for i := range samples {
		tensor.Data[float32](y)[10*i+i%10] = 1
	}
	train, err := data.New(x, y)
	if err != nil {
		return res, err
	}
	m, err := k.make()
	if err != nil {
		return res, err
	}
	if err := m.Compile(optim.Adam(1e-3), loss.CategoricalCrossentropy()); err != nil {
		return res, err
	}
	listing, err := m.Plan(train, k.batch)
	if err != nil {
		return res, err
	}
	if res.ArenaBytes, res.ActivationBytes, err = stepMemory(listing); err != nil {
		return res, err
	}
	epochs := epochsOf(ctx, m, train, k.batch)
	for _, threads := range []int{1, 0} {
		par.SetThreads(threads)
		seconds, err := epochs(6)
		if err != nil {
			return res, err
		}
		step := median(seconds[1:]) / networkSteps
		if floor := stepFlops(m, k.batch) / 1e9; threads == 1 {
			res.StepMS1, res.OfFloor1 = 1000*step, floor/r.PeakGflops1/step
		} else {
			res.StepMSAll, res.OfFloorAll = 1000*step, floor/r.PeakGflopsAll/step
		}
	}
	res.AllocsPerStep, err = allocsPerStep(epochs, networkSteps)
	return res, err
}

// stepFlops returns the arithmetic of the products and convolutions of a training step: of
// each forward, by the weights, and by the input unless that is the network's own.
func stepFlops(m *glia.Model, batch int) float64 {
	sum, first := 0.0, true
	for _, r := range m.Network().Records() {
		var each float64 // of an element of the output
		switch l := r.Layer.(type) {
		case *nn.DenseLayer:
			each = float64(r.In[0].Shape.At(-1))
		case *nn.ConvLayer:
			each = float64(tensor.D(l.KernelSize...).Size() * r.In[0].Shape.At(-1))
		case *nn.DepthwiseConvLayer:
			each = float64(tensor.D(l.KernelSize...).Size())
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
func convnet() (*glia.Model, error) {
	return glia.Sequential(
		nn.Input(28, 28, 1),
		nn.Conv2D(32, 3, nn.ReLU), nn.MaxPooling2D(2),
		nn.Conv2D(64, 3, nn.ReLU), nn.MaxPooling2D(2),
		nn.Flatten(), nn.Dropout(0.5), nn.Dense(10, nn.Softmax),
	), nil
}

// resnet20 is the network of 20 layers for images of 32 by 32, whose shortcuts are
// convolutions where they change the size.
//
// Source: He et al. 2015, arXiv:1512.03385, section 4.2.
func resnet20() (*glia.Model, error) {
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
	return glia.Functional([]*nn.Symbol{in}, []*nn.Symbol{nn.Apply(nn.Dense(10, nn.Softmax), nn.Apply(nn.GlobalAveragePooling2D(), x))}), nil
}

// mobilenet is MobileNetV2 for ten classes of images of 96 by 96.
func mobilenet() (*glia.Model, error) {
	n, err := applications.MobileNetV2(applications.InputShape(96, 96, 3), applications.Classes(10))
	if err != nil {
		return nil, err
	}
	return glia.New(n), nil
}
