// Package bench measures what glia reaches on the machine it runs on: the peak of
// the arithmetic units, the matrix product, and the training and use of the MNIST
// network, each also as a fraction of the limit that the hardware sets; the cost of
// metrics in its step, and its time in mixed precision.
package bench

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/internal/impl"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// Report holds the measurements. Suffix 1 stands for one thread, All for all.
type Report struct {
	CPU           string  `json:"cpu"`
	ISA           string  `json:"isa"`
	Go            string  `json:"go"`
	Threads       int     `json:"threads"`
	PeakGflops1   float64 `json:"peak_gflops_1"`
	PeakGflopsAll float64 `json:"peak_gflops_all"`
	GEMM          []GEMM  `json:"gemm"`
	MLP           MLP     `json:"mlp"`
	Metrics       Metrics `json:"metrics"`
	Mixed         []Mixed `json:"mixed"`
}

// GEMM is a matrix product: Trans is "", "A" or "B", the side that is transposed.
type GEMM struct {
	M         int     `json:"m"`
	N         int     `json:"n"`
	K         int     `json:"k"`
	Trans     string  `json:"trans"`
	Gflops1   float64 `json:"gflops_1"`
	GflopsAll float64 `json:"gflops_all"`
	OfPeak1   float64 `json:"of_peak_1"`
}

// MLP is the MNIST network, 784-128-128-10, with Adam and batches of 128. The
// floor of an epoch is its arithmetic at the peak rate.
type MLP struct {
	Dataset         string  `json:"dataset"`
	EpochSeconds1   float64 `json:"epoch_seconds_1"`
	EpochSecondsAll float64 `json:"epoch_seconds_all"`
	OfFloor1        float64 `json:"of_floor_1"`
	OfFloorAll      float64 `json:"of_floor_all"`
	AllocsPerStep   float64 `json:"allocs_per_step"`
	PlanMS          float64 `json:"plan_ms"`
	Predict1P50     float64 `json:"predict1_p50_us"`
	Predict1P99     float64 `json:"predict1_p99_us"`
}

// Run measures everything, in about a minute, and tells log of each part as
// it ends. The training data needs images [28 28] and one-hot labels of 10 classes.
func Run(ctx context.Context, train *data.Memory, dataset string, log io.Writer) (*Report, error) {
	defer par.SetThreads(0)
	r := &Report{CPU: cpuName(), ISA: impl.ISA(), Go: runtime.Version()}
	par.SetThreads(0)
	r.Threads = par.Threads()
	fmt.Fprintf(log, "%s, %s, %d threads, %s\n", r.CPU, r.ISA, r.Threads, r.Go)
	// Two rounds, some time apart: on a shared machine one may fall into a bad moment.
	for range 2 {
		r.PeakGflops1 = max(r.PeakGflops1, peak(1))
		r.PeakGflopsAll = max(r.PeakGflopsAll, peak(r.Threads))
		for i, s := range shapes {
			for j, trans := range transposed {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				r.keep(i*len(transposed)+j, gemm(s[0], s[1], s[2], trans))
			}
		}
	}
	fmt.Fprintf(log, "peak FMA rate   %7.1f GFLOP/s with one thread, %7.1f with all\n", r.PeakGflops1, r.PeakGflopsAll)
	for i := range r.GEMM {
		g := &r.GEMM[i]
		g.OfPeak1 = g.Gflops1 / r.PeakGflops1
		fmt.Fprintf(log, "matrix product  %4dx%4dx%4d %1s  %7.1f with one (%3.0f %% of peak), %7.1f with all (%.2f times)\n",
			g.M, g.N, g.K, g.Trans, g.Gflops1, 100*g.OfPeak1, g.GflopsAll, g.GflopsAll/g.Gflops1)
	}
	var err error
	if r.MLP, err = mlp(ctx, train, r); err != nil {
		return nil, err
	}
	r.MLP.Dataset = dataset
	m := r.MLP
	fmt.Fprintf(log, "network         epoch of %d: %.3f s with one thread (%.0f %% of the floor), %.3f s with all (%.0f %%)\n",
		train.Len(), m.EpochSeconds1, 100*m.OfFloor1, m.EpochSecondsAll, 100*m.OfFloorAll)
	fmt.Fprintf(log, "                %.2f allocations a step, traced and planned in %.2f ms, one prediction %.1f us (p99 %.1f)\n",
		m.AllocsPerStep, m.PlanMS, m.Predict1P50, m.Predict1P99)
	if r.Metrics, err = metrics(ctx, train); err != nil {
		return nil, err
	}
	fmt.Fprintf(log, "metrics         accuracy, F1 and AUC add %.1f %% to a step with one thread, %.1f %% with all (at most %.0f %% wanted)\n",
		100*r.Metrics.OfStep1, 100*r.Metrics.OfStepAll, 100*MetricsLimit)
	if r.Mixed, err = mixed(ctx, train); err != nil {
		return nil, err
	}
	for _, m := range r.Mixed {
		fmt.Fprintf(log, "%-15s a step takes %.2f of the time of float32 with one thread, %.2f with all (at most %d wanted)\n", m.Policy, m.OfStep1, m.OfStepAll, MixedLimit)
	}
	return r, nil
}

// keep adds product i to the report, or its better rates.
func (r *Report) keep(i int, g GEMM) {
	if i == len(r.GEMM) {
		r.GEMM = append(r.GEMM, g)
	}
	best := &r.GEMM[i]
	best.Gflops1, best.GflopsAll = max(best.Gflops1, g.Gflops1), max(best.GflopsAll, g.GflopsAll)
}

// transposed are the sides that are stored transposed: none, A, B.
var transposed = []string{"", "A", "B"}

// shapes are m, n, k of the products that are measured.
var shapes = [][3]int{
	{128, 128, 784}, {784, 128, 128}, {128, 128, 128}, {128, 784, 128}, {64, 4096, 576},
	{512, 512, 512}, {1024, 1024, 1024}, {2048, 2048, 2048},
}

// fma is loops of multiply-adds in registers, one a piece.
type fma struct{ n, flops int }

func (f *fma) Piece(i int, _ *par.Worker) {
	if n := kern.FMALoop(f.n); i == 0 {
		f.flops = n
	}
}

// peak returns the best multiply-add rate in GFLOP/s.
func peak(threads int) float64 {
	par.SetThreads(threads)
	f := &fma{n: 1 << 18}
	pieces := 8 * threads
	best := rate(func() { par.Do(pieces, f) })
	return float64(pieces*f.flops) / best / 1e9
}

// rate returns the seconds of a call of f: the best of several rounds, each long
// enough for the clock.
func rate(f func()) float64 {
	f()
	n := 1
	for {
		start := time.Now()
		for range n {
			f()
		}
		if d := time.Since(start); d > 10*time.Millisecond {
			break
		}
		n *= 2
	}
	best := time.Hour.Seconds()
	for range 7 {
		start := time.Now()
		for range n {
			f()
		}
		best = min(best, time.Since(start).Seconds()/float64(n))
	}
	return best
}

func gemm(m, n, k int, trans string) GEMM {
	p := &kern.MatMul{
		M: m, N: n, K: k, TransA: trans == "A", TransB: trans == "B",
		A: noise(m * k), B: noise(k * n), C: noise(m * n), LDA: k, LDB: n, LDC: n,
	}
	if p.TransA {
		p.LDA = m
	}
	if p.TransB {
		p.LDB = k
	}
	flops := 2 * float64(m) * float64(n) * float64(k)
	g := GEMM{M: m, N: n, K: k, Trans: trans}
	par.SetThreads(1)
	g.Gflops1 = flops / rate(p.Run) / 1e9
	par.SetThreads(0)
	g.GflopsAll = flops / rate(p.Run) / 1e9
	return g
}

func noise(n int) []float32 {
	t := tensor.New(tensor.Float32, n)
	kern.Uniform(tensor.Data[float32](t), 1, 2, 0)
	return tensor.Data[float32](t)
}

const batch = 128

func newNetwork() *glia.Model {
	return glia.Sequential(
		nn.Input(28, 28), nn.Flatten(),
		nn.Dense(128, nn.ReLU), nn.Dense(128, nn.ReLU), nn.Dense(10, nn.Softmax),
	)
}

func newMLP() (*glia.Model, error) {
	m := newNetwork()
	return m, m.Compile(optim.Adam(1e-3), loss.CategoricalCrossentropy(), metric.Accuracy())
}

// epochFlops returns the arithmetic of the matrix products of an epoch.
func epochFlops(samples int) float64 {
	const forward = 784*128 + 128*128 + 128*10
	const backward = forward + 128*128 + 128*10 // weights, and the inputs of all layers but the first
	return 2 * float64(samples) * (forward + backward)
}

// epochsOf returns what trains a model for some epochs and tells the seconds of each.
func epochsOf(ctx context.Context, m *glia.Model, train *data.Memory, batch int) func(n int) (seconds []float64, err error) {
	return func(n int) (seconds []float64, err error) {
		h, err := m.Fit(train, glia.Epochs(n), glia.BatchSize(batch), glia.Context(ctx))
		for _, e := range h.Epochs {
			seconds = append(seconds, e.Seconds)
		}
		return seconds, err
	}
}

func mlp(ctx context.Context, train *data.Memory, r *Report) (MLP, error) {
	var res MLP
	m, err := newMLP()
	if err != nil {
		return res, err
	}
	epochs := epochsOf(ctx, m, train, batch)
	for _, threads := range []int{1, 0} {
		par.SetThreads(threads)
		seconds, err := epochs(6)
		if err != nil {
			return res, err
		}
		s := median(seconds[1:])
		if floor := epochFlops(train.Len()) / 1e9; threads == 1 {
			res.EpochSeconds1, res.OfFloor1 = s, floor/r.PeakGflops1/s
		} else {
			res.EpochSecondsAll, res.OfFloorAll = s, floor/r.PeakGflopsAll/s
		}
	}
	if res.AllocsPerStep, err = allocsPerStep(epochs, (train.Len()+batch-1)/batch); err != nil {
		return res, err
	}
	if res.PlanMS, err = planTime(train); err != nil {
		return res, err
	}
	res.Predict1P50, res.Predict1P99, err = predictTime(m, train)
	return res, err
}

// allocsPerStep returns how many allocations one more epoch makes, divided by its
// steps. An epoch makes a few of its own, for its results.
func allocsPerStep(epochs func(int) ([]float64, error), steps int) (float64, error) {
	count := func(n int) (float64, error) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := epochs(n)
		runtime.ReadMemStats(&after)
		return float64(after.Mallocs - before.Mallocs), err
	}
	one, err := count(1)
	if err != nil {
		return 0, err
	}
	two, err := count(2)
	return (two - one) / float64(steps), err
}

// planTime returns the milliseconds that tracing and planning a training step take.
func planTime(train *data.Memory) (float64, error) {
	var ms []float64
	for range 9 {
		m, err := newMLP()
		if err != nil {
			return 0, err
		}
		start := time.Now()
		if _, err := m.Plan(train, batch); err != nil {
			return 0, err
		}
		ms = append(ms, time.Since(start).Seconds()*1e3)
	}
	return median(ms), nil
}

// predictTime returns the median and the 99th percentile, in microseconds, of the
// prediction of one sample.
func predictTime(m *glia.Model, train *data.Memory) (p50, p99 float64, err error) {
	var b data.Batch
	if err := train.Read([]int{0}, &b); err != nil {
		return 0, 0, err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	times := make([]float64, 20000)
	for i := range times {
		start := time.Now()
		if _, err := m.Predict(b.X[0]); err != nil {
			return 0, 0, err
		}
		times[i] = time.Since(start).Seconds() * 1e6
	}
	p50, p99 = percentiles(times)
	return p50, p99, nil
}

// percentiles sorts v and returns its median and its 99th percentile.
func percentiles(v []float64) (p50, p99 float64) {
	slices.Sort(v)
	return v[len(v)/2], v[len(v)*99/100]
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}
