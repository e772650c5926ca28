package kern

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/glia-ml/glia/internal/impl/impltest"
)

// Every sweep and the loop it equals, on slots w, then the others in the order of the
// arguments, g last.
var sweepTests = []struct {
	name      string
	slots     int
	run, want func(s [][]float32)
}{
	{
		"SGD", 2,
		func(s [][]float32) { SGD(s[0], s[1], 0.1, 0) },
		func(s [][]float32) { SGDLoop(s[0], s[1], 0.1, 0) },
	},
	{
		"SGDDecayed", 2,
		func(s [][]float32) { SGD(s[0], s[1], 0.1, 0.004) },
		func(s [][]float32) { SGDLoop(s[0], s[1], 0.1, 0.004) },
	},
	{
		"Momentum", 3,
		func(s [][]float32) { Momentum(s[0], s[1], s[2], 0.1, 0.9, 0.004, false) },
		func(s [][]float32) { MomentumLoop(s[0], s[1], s[2], 0.1, 0.9, 0.004, false) },
	},
	{
		"Nesterov", 3,
		func(s [][]float32) { Momentum(s[0], s[1], s[2], 0.1, 0.9, 0.004, true) },
		func(s [][]float32) { MomentumLoop(s[0], s[1], s[2], 0.1, 0.9, 0.004, true) },
	},
	{
		"Adam", 4,
		func(s [][]float32) { Adam(s[0], s[1], s[2], s[3], 0.01, 0.1, 0.001, 1e-7, 0) },
		func(s [][]float32) { AdamLoop(s[0], s[1], s[2], s[3], 0.01, 0.1, 0.001, 1e-7, 0) },
	},
	{
		"AdamW", 4,
		func(s [][]float32) { Adam(s[0], s[1], s[2], s[3], 0.01, 0.1, 0.001, 1e-7, 0.004) },
		func(s [][]float32) { AdamLoop(s[0], s[1], s[2], s[3], 0.01, 0.1, 0.001, 1e-7, 0.004) },
	},
	{
		"AMSGrad", 5,
		func(s [][]float32) { AMSGrad(s[0], s[1], s[2], s[3], s[4], 0.01, 0.1, 0.001, 1e-7, 0.004) },
		func(s [][]float32) { AMSGradLoop(s[0], s[1], s[2], s[3], s[4], 0.01, 0.1, 0.001, 1e-7, 0.004) },
	},
	{
		"RMSprop", 3,
		func(s [][]float32) { RMSprop(s[0], s[1], nil, nil, s[2], 0.01, 0.9, 0.1, 1e-7, 0, 0.004) },
		func(s [][]float32) { RMSpropLoop(s[0], s[1], nil, nil, s[2], 0.01, 0.9, 0.1, 1e-7, 0, 0.004) },
	},
	{
		"RMSpropMomentum", 4,
		func(s [][]float32) { RMSprop(s[0], s[1], nil, s[2], s[3], 0.01, 0.9, 0.1, 1e-7, 0.8, 0.004) },
		func(s [][]float32) { RMSpropLoop(s[0], s[1], nil, s[2], s[3], 0.01, 0.9, 0.1, 1e-7, 0.8, 0.004) },
	},
	{
		"RMSpropCentered", 4,
		func(s [][]float32) { RMSprop(s[0], s[1], s[2], nil, s[3], 0.01, 0.9, 0.1, 1e-7, 0, 0.004) },
		func(s [][]float32) { RMSpropLoop(s[0], s[1], s[2], nil, s[3], 0.01, 0.9, 0.1, 1e-7, 0, 0.004) },
	},
	{
		"RMSpropCenteredMomentum", 5,
		func(s [][]float32) { RMSprop(s[0], s[1], s[2], s[3], s[4], 0.01, 0.9, 0.1, 1e-7, 0.8, 0.004) },
		func(s [][]float32) { RMSpropLoop(s[0], s[1], s[2], s[3], s[4], 0.01, 0.9, 0.1, 1e-7, 0.8, 0.004) },
	},
	{
		"Adamax", 4,
		func(s [][]float32) { Adamax(s[0], s[1], s[2], s[3], 0.01, 0.1, 0.999, 1e-7, 0.004) },
		func(s [][]float32) { AdamaxLoop(s[0], s[1], s[2], s[3], 0.01, 0.1, 0.999, 1e-7, 0.004) },
	},
	{
		"Nadam", 4,
		func(s [][]float32) { Nadam(s[0], s[1], s[2], s[3], 0.01, 0.02, 1.5, 0.1, 0.001, 1e-7, 0.004) },
		func(s [][]float32) { NadamLoop(s[0], s[1], s[2], s[3], 0.01, 0.02, 1.5, 0.1, 0.001, 1e-7, 0.004) },
	},
	{
		"Adagrad", 3,
		func(s [][]float32) { Adagrad(s[0], s[1], s[2], 0.01, 1e-7, 0.004) },
		func(s [][]float32) { AdagradLoop(s[0], s[1], s[2], 0.01, 1e-7, 0.004) },
	},
	{
		"Adadelta", 4,
		func(s [][]float32) { Adadelta(s[0], s[1], s[2], s[3], 0.01, 0.95, 0.05, 1e-7, 0.004) },
		func(s [][]float32) { AdadeltaLoop(s[0], s[1], s[2], s[3], 0.01, 0.95, 0.05, 1e-7, 0.004) },
	},
	{
		"Lion", 3,
		func(s [][]float32) { Lion(s[0], s[1], s[2], 0.01, 0.9, 0.1, 0.99, 0.01, 0.004) },
		func(s [][]float32) { LionLoop(s[0], s[1], s[2], 0.01, 0.9, 0.1, 0.99, 0.01, 0.004) },
	},
	{
		"ScheduleFree", 4,
		func(s [][]float32) {
			ScheduleFree(s[0], s[1], s[2], s[3], 0.01, 1.5, 0.25, 0.75, 0.9, 0.1, 0.001, 1e-8, 0.004)
		},
		func(s [][]float32) {
			ScheduleFreeLoop(s[0], s[1], s[2], s[3], 0.01, 1.5, 0.25, 0.75, 0.9, 0.1, 0.001, 1e-8, 0.004)
		},
	},
	{
		"LambMoments", 4,
		func(s [][]float32) { LambMoments(s[0], s[1], s[2], s[3], 1.25, 1.5, 0.1, 0.001, 1e-7) },
		func(s [][]float32) { LambMomentsLoop(s[0], s[1], s[2], s[3], 1.25, 1.5, 0.1, 0.001, 1e-7) },
	},
	{
		"LambStep", 3,
		func(s [][]float32) { LambStep(s[0], s[1], s[2], 0.01, 1.25, 1.5, 1e-7, 0.004) },
		func(s [][]float32) { LambStepLoop(s[0], s[1], s[2], 0.01, 1.25, 1.5, 1e-7, 0.004) },
	},
	{
		"FactorStep", 5,
		func(s [][]float32) { FactorStep(s[0], s[1], s[2], s[3], s[4], 0.01, 1.5, 0.004) },
		func(s [][]float32) { FactorStepLoop(s[0], s[1], s[2], s[3], s[4], 0.01, 1.5, 0.004) },
	},
	{
		"Average", 2,
		func(s [][]float32) { Average(s[0], s[1], 0.99, 0.01) },
		func(s [][]float32) { AverageLoop(s[0], s[1], 0.99, 0.01) },
	},
	{
		"Ftrl", 4,
		func(s [][]float32) { Ftrl(s[0], s[1], s[2], s[3], 100, 0.01, 0.02, 0.03, 0.004, 0.5) },
		func(s [][]float32) { FtrlLoop(s[0], s[1], s[2], s[3], 100, 0.01, 0.02, 0.03, 0.004, 0.5) },
	},
	{
		"FtrlPower", 4,
		func(s [][]float32) { Ftrl(s[0], s[1], s[2], s[3], 100, 0.01, 0.02, 0.03, 0.004, 0.25) },
		func(s [][]float32) { FtrlLoop(s[0], s[1], s[2], s[3], 100, 0.01, 0.02, 0.03, 0.004, 0.25) },
	},
	{
		"FtrlPower0", 4,
		func(s [][]float32) { Ftrl(s[0], s[1], s[2], s[3], 100, 0.01, 0.02, 0.03, 0.004, 0) },
		func(s [][]float32) { FtrlLoop(s[0], s[1], s[2], s[3], 100, 0.01, 0.02, 0.03, 0.004, 0) },
	},
	{
		"FtrlPower7", 4,
		func(s [][]float32) { Ftrl(s[0], s[1], s[2], s[3], 100, 0.01, 0.02, 0.03, 0.004, 7) },
		func(s [][]float32) { FtrlLoop(s[0], s[1], s[2], s[3], 100, 0.01, 0.02, 0.03, 0.004, 7) },
	},
	{
		"FtrlPower9", 4,
		func(s [][]float32) { Ftrl(s[0], s[1], s[2], s[3], 100, 0.01, 0.02, 0.03, 0.004, 9) },
		func(s [][]float32) { FtrlLoop(s[0], s[1], s[2], s[3], 100, 0.01, 0.02, 0.03, 0.004, 9) },
	},
}

// The implementations agree in every bit, and write nothing else.
func TestSweeps(t *testing.T) {
	impltest.All(t, "kern", func(t *testing.T) {
		var guards [5]*guard
		for i := range guards {
			guards[i] = newGuard(t, 4096)
		}
		for _, tt := range sweepTests {
			r := rand.New(rand.NewPCG(1, 2))
			for n := range 4*16*2 + 4 {
				got, want := make([][]float32, tt.slots), make([][]float32, tt.slots)
				for i := range got {
					want[i] = randomFloats(r, n, 0.05)
					got[i] = tailOf(guards[i], want[i])
				}
				tt.run(got)
				tt.want(want)
				for i := range got {
					wantSame(t, fmt.Sprintf("%s: n %d, slot %d", tt.name, n, i), got[i], want[i])
					guards[i].check(t)
				}
			}
		}
	})
}

// The loops follow Keras's formulas: three steps against float64, written as Keras
// writes them.
func TestSweepFormulas(t *testing.T) {
	const w0, lr, steps = 0.5, 0.01, 3
	grads := []float64{0.3, -0.2, 0.7}
	tests := []struct {
		name string
		got  func(w, a, b, c, g []float32, step int)
		want func(s *[4]float64, g float64, step int)
	}{
		{
			"SGD",
			func(w, _, _, _, g []float32, _ int) { SGD(w, g, lr, 0) },
			func(s *[4]float64, g float64, _ int) { s[0] = s[0] - g*lr },
		},
		{
			"Momentum",
			func(w, m, _, _, g []float32, _ int) { Momentum(w, m, g, lr, 0.9, 0, false) },
			func(s *[4]float64, g float64, _ int) {
				s[1] = 0.9*s[1] - g*lr
				s[0] += s[1]
			},
		},
		{
			"Nesterov",
			func(w, m, _, _, g []float32, _ int) { Momentum(w, m, g, lr, 0.9, 0, true) },
			func(s *[4]float64, g float64, _ int) {
				s[1] = 0.9*s[1] - g*lr
				s[0] += 0.9*s[1] - g*lr
			},
		},
		{
			"AdamW",
			func(w, m, v, _, g []float32, step int) {
				Adam(w, m, v, g, float32(alpha(lr, step)), 0.1, 0.001, 1e-7, 0.004*lr)
			},
			func(s *[4]float64, g float64, step int) {
				s[0] -= s[0] * 0.004 * lr
				s[1] = 0.9*s[1] + 0.1*g
				s[2] = 0.999*s[2] + 0.001*g*g
				s[0] -= alpha(lr, step) * s[1] / (math.Sqrt(s[2]) + 1e-7)
			},
		},
		{
			"AMSGrad",
			func(w, m, v, h, g []float32, step int) {
				AMSGrad(w, m, v, h, g, float32(alpha(lr, step)), 0.1, 0.5, 1e-7, 0)
			},
			func(s *[4]float64, g float64, step int) {
				s[1] = 0.9*s[1] + 0.1*g
				s[2] = 0.5*s[2] + 0.5*g*g
				s[3] = max(s[3], s[2])
				s[0] -= alpha(lr, step) * s[1] / (math.Sqrt(s[3]) + 1e-7)
			},
		},
		{
			"RMSprop",
			func(w, v, _, _, g []float32, _ int) { RMSprop(w, v, nil, nil, g, lr, 0.9, 0.1, 1e-7, 0, 0) },
			func(s *[4]float64, g float64, _ int) {
				s[1] = 0.9*s[1] + 0.1*g*g
				s[0] -= lr * g / math.Sqrt(s[1]+1e-7)
			},
		},
		{
			"RMSpropCenteredMomentum",
			func(w, v, a, m, g []float32, _ int) { RMSprop(w, v, a, m, g, lr, 0.9, 0.1, 1e-7, 0.8, 0) },
			func(s *[4]float64, g float64, _ int) {
				s[1] = 0.9*s[1] + 0.1*g*g
				s[2] = 0.9*s[2] + 0.1*g
				s[3] = 0.8*s[3] + lr*g/math.Sqrt(s[1]-s[2]*s[2]+1e-7)
				s[0] -= s[3]
			},
		},
	}
	for _, tt := range tests {
		s := [4]float64{w0}
		w, a, b, c := []float32{w0}, []float32{0}, []float32{0}, []float32{0}
		for i, g := range grads {
			tt.got(w, a, b, c, []float32{float32(g)}, i+1)
			tt.want(&s, g, i+1)
		}
		if math.Abs(float64(w[0])-s[0]) > 1e-6 {
			t.Errorf("%s: w is %v after %d steps, want %v", tt.name, w[0], steps, s[0])
		}
	}
}

// alpha is the rate of Adam with beta1 = 0.9, beta2 = 0.999.
func alpha(lr float64, step int) float64 {
	t := float64(step)
	return lr * math.Sqrt(1-math.Pow(0.999, t)) / (1 - math.Pow(0.9, t))
}

func BenchmarkSweeps(b *testing.B) {
	for _, n := range []int{1 << 14, 1 << 22} {
		b.Run(fmt.Sprintf("copy/n=%d", n), func(b *testing.B) {
			x, y := make([]float32, n), make([]float32, n)
			fill(x, 1)
			b.SetBytes(int64(8 * n))
			for b.Loop() {
				copy(y, x)
			}
		})
		for _, tt := range sweepTests {
			b.Run(fmt.Sprintf("%s/n=%d", tt.name, n), func(b *testing.B) {
				impltest.Bench(b, "kern", func(b *testing.B) {
					s := make([][]float32, tt.slots)
					for i := range s {
						s[i] = make([]float32, n)
						fill(s[i], 0.5)
					}
					b.SetBytes(int64(4 * n * (2*tt.slots - 1)))
					b.ReportAllocs()
					for b.Loop() {
						tt.run(s)
					}
				})
			})
		}
	}
}
