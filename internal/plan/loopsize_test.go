package plan_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// longLSTM returns an LSTM of 64 units on batches of 32, and its gradients.
func longLSTM(steps int) []*graph.Node {
	g := graph.New()
	s := func(dims ...int) tensor.Spec { return tensor.S(tensor.Float32, dims...) }
	x := g.Input("x", s(steps, 32, 64))
	w, u, b := g.Input("w", s(64, 256)), g.Input("u", s(64, 256)), g.Input("b", s(256))
	h, c := ops.Full(g, s(32, 64), 0), ops.Full(g, s(32, 64), 0)
	last, _ := flow.Scan([]*graph.Node{h, c}, []*graph.Node{x}, cell(w, u, b))
	y := sumSquares(last[0])
	return append([]*graph.Node{y}, autodiff.Grad(y, w, u, b, x)...)
}

// prepare compiles outs and returns a run on random inputs.
func prepare(t testing.TB, outs []*graph.Node) (p *plan.Plan, run func() []*tensor.Tensor) {
	in := random(outs[0].Graph(), rand.New(rand.NewPCG(1, 2)))
	p = plan.Compile(outs[0].Graph(), outs, cpu.Kernels{})
	var out []*tensor.Tensor
	for _, s := range p.Outputs() {
		out = append(out, tensor.NewSpec(s))
	}
	return p, func() []*tensor.Tensor {
		if err := p.Run(out, in); err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// TestLoopArena sees to it that the memory of a loop and its gradient grows as its
// sequences do, and that a warm run takes none.
func TestLoopArena(t *testing.T) {
	short, run := prepare(t, longLSTM(100))
	long, _ := prepare(t, longLSTM(200))
	if limit := 2.2 * float64(short.Arena()); float64(long.Arena()) > limit {
		t.Errorf("the arena of 200 steps is %d bytes, of 100 steps %d: want at most %.0f", long.Arena(), short.Arena(), limit)
	}
	const sequence = 4 * 200 * 32 * 64 // of a state's size
	if limit := 11 * sequence; long.Arena() > limit {
		t.Errorf("the arena of 200 steps is %d bytes: want at most %d, for the states, their gates and products with x", long.Arena(), limit)
	}
	if testing.Short() {
		_, run = prepare(t, longLSTM(10))
	}
	run()
	if n := testing.AllocsPerRun(3, func() { run() }); n > 0 {
		t.Errorf("a warm run makes %v allocations: want 0", n)
	}
}

// TestLoopSameBits runs a loop and its gradient on several numbers of processors.
func TestLoopSameBits(t *testing.T) {
	_, run := prepare(t, longLSTM(6))
	var want []*tensor.Tensor
	for _, procs := range []int{1, 2, 8} {
		before := runtime.GOMAXPROCS(procs)
		got := run()
		runtime.GOMAXPROCS(before)
		if want == nil {
			for _, x := range got {
				want = append(want, x.Clone())
			}
		}
		for i, x := range got {
			if !bytes.Equal(x.Bytes(), want[i].Bytes()) {
				t.Errorf("output %d on %d processors differs from that on 1", i, procs)
			}
		}
	}
}

// TestLoopDump keeps the plan of a loop and its gradient.
func TestLoopDump(t *testing.T) {
	p, _ := prepare(t, longLSTM(100))
	file := filepath.Join("testdata", "lstm.txt")
	if *update {
		if err := os.WriteFile(file, []byte(p.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if p.String() != string(want) {
		t.Errorf("got:\n%v\nwant, as in %s:\n%s", p, file, want)
	}
}

// BenchmarkScanLSTM runs an LSTM and its gradient: time and memory should grow as the
// steps do.
func BenchmarkScanLSTM(b *testing.B) {
	for _, steps := range []int{100, 200} {
		b.Run(fmt.Sprintf("steps=%d", steps), func(b *testing.B) {
			p, run := prepare(b, longLSTM(steps))
			run()
			b.ReportAllocs()
			products := 2. * float64(steps) * 32 * 64 * 256 * 6 // x·w, h·u, and four for gradients
			for b.Loop() {
				run()
			}
			b.ReportMetric(float64(p.Arena())/1e6, "arena-MB")
			b.ReportMetric(products*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
