package kern

import "runtime"

// FMALoop does n rounds of multiply-adds on registers, with the widest vectors available,
// and returns the number of float32 operations: no kernel can do more in that time.
func FMALoop(n int) (flops int) { return fmaLoop(n) }

// fmaLoopGo is the loop without vectors or fused operations.
func fmaLoopGo(n int) (flops int) {
	x := float32(n)
	var a, b, c, d, e, f, g, h float32
	for range n {
		a += float32(a * x)
		b += float32(b * x)
		c += float32(c * x)
		d += float32(d * x)
		e += float32(e * x)
		f += float32(f * x)
		g += float32(g * x)
		h += float32(h * x)
	}
	runtime.KeepAlive(a + b + c + d + e + f + g + h)
	return 16 * n
}
