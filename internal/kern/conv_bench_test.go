package kern

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkConv measures the layers of known networks, and as a part of the peak.
func BenchmarkConv(b *testing.B) {
	for _, s := range []struct {
		name                                     string
		images, size, in, out, window, stride, p int // out 0: depthwise
	}{
		{"mobilenet/48", 8, 48, 96, 0, 3, 1, 1}, {"mobilenet/down", 8, 48, 96, 0, 3, 2, 1}, {"mobilenet/6", 32, 6, 576, 0, 3, 1, 1},
		{"mnist1", 128, 28, 1, 32, 3, 1, 0}, {"mnist2", 128, 13, 32, 64, 3, 1, 0},
		{"resnet20/1", 32, 32, 16, 16, 3, 1, 1}, {"resnet20/2", 32, 16, 32, 32, 3, 1, 1}, {"resnet20/3", 32, 8, 64, 64, 3, 1, 1},
		{"resnet20/down", 32, 32, 16, 32, 3, 2, 1}, {"resnet50/stem", 1, 224, 3, 64, 7, 2, 3},
		{"resnet50/56", 1, 56, 64, 64, 3, 1, 1}, {"resnet50/28", 1, 28, 128, 128, 3, 1, 1}, {"resnet50/14", 1, 14, 256, 256, 3, 1, 1}, {"resnet50/7", 1, 7, 512, 512, 3, 1, 1},
	} {
		o := (s.size+2*s.p-s.window)/s.stride + 1
		c := Conv{Images: s.images, Size: [3]int{1, s.size, s.size}, Out: [3]int{1, o, o}, Window: [3]int{1, s.window, s.window}, Stride: [3]int{1, s.stride, s.stride},
			Dilation: [3]int{1, 1, 1}, Low: [3]int{0, s.p, s.p}, Channels: s.in, Results: s.out, Groups: 1}
		if s.out == 0 {
			c.Results, c.Groups, s.out, s.in = s.in, s.in, s.in, 1
		}
		x, y := Values[float32]{Wide: make([]float32, s.images*s.size*s.size*c.Channels)}, Values[float32]{Wide: make([]float32, s.images*o*o*s.out)}
		w := Values[float32]{Wide: make([]float32, s.window*s.window*s.in*s.out)}
		for i := range x.Wide {
			x.Wide[i] = float32(i%7) - 3
		}
		for i := range w.Wide {
			w.Wide[i] = float32(i%5) - 2
		}
		flops := 2 * len(y.Wide) * s.window * s.window * s.in
		for _, run := range []struct {
			name string
			f    func()
		}{
			{"forward", (&ConvForward[float32]{Conv: c, X: x, W: w, Y: y}).Run},
			{"input", (&ConvInput[float32]{Conv: c, DY: y, W: w, X: x}).Run},
			{"kernel", (&ConvKernel[float32]{Conv: c, X: x, DY: y, W: Values[float32]{Wide: make([]float32, len(w.Wide))}}).Run},
		} {
			b.Run(fmt.Sprint(s.name, "/", run.name), func(b *testing.B) {
				run.f()
				best, peak := time.Hour, time.Hour
				loops := flops/(fmaLoop(1)) + 1
				for b.Loop() {
					start := time.Now()
					run.f()
					best = min(best, time.Since(start))
					start = time.Now()
					fmaLoop(loops)
					peak = min(peak, time.Since(start))
				}
				b.ReportMetric(float64(flops)/float64(best), "GFLOP/s")
				b.ReportMetric(float64(peak)/float64(best), "of_peak")
			})
		}
	}
}
