package cpu

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/internal/resample"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.ResizeOp, out, in []tensor.Spec) backend.Kernel {
		return newResizeOf(op.Table(in[0].Shape.At(op.Axis)), op.Axis, out[0], in[0])
	})
	register(func(op ops.ResizeGradOp, out, in []tensor.Spec) backend.Kernel {
		return newResizeOf(op.Table(in[0].Shape.At(op.Axis)), op.Axis, out[0], in[0])
	})
}

func newResizeOf(t *resample.Table, axis int, out, in tensor.Spec) backend.Kernel {
	if out.DType == tensor.Float64 {
		return newResize(t, axis, out, in, sums[float64]{sumLong[float64], sumTriples[float64]})
	}
	return newResize(t, axis, out, in, sums[float32]{sumLongFloats, kern.SumTriples})
}

// resize is the kernel of sums of neighbors along an axis: x [outer n inner] becomes y [outer m
// inner]. A unit is a row [inner] of the result.
type resize[W float32 | float64] struct {
	n, m, inner int
	at, length  []int
	most        int
	weight      []W // most for each element
	sums[W]
}

// sums holds the functions that a dtype's sums are made of: of rows, and of many triples.
type sums[W float32 | float64] struct {
	long    func(dst, src []W, inner int, weights []W)
	triples func(dst, src []W, at, length []int, weight []W, most int)
}

const (
	resizeTile = 1024 // columns that stay in the first cache, of all rows of a sum
	longRow    = 48   // columns from which on functions of vectors are faster
	longOfMany = 16   // the same where sums are of more than four
)

func newResize[W float32 | float64](t *resample.Table, axis int, out, in tensor.Spec, of sums[W]) backend.Kernel {
	k := &resize[W]{
		n: in.Shape.At(axis), m: out.Shape.At(axis), inner: out.Shape.From(axis + 1).Size(),
		at: t.At, length: t.Length, most: t.Most, weight: make([]W, len(t.Weight)), sums: of,
	}
	for i, w := range t.Weight {
		k.weight[i] = W(w)
	}
	rows := k.rows
	if out.DType != dtypeOf[W]() {
		rows = k.halves
	}
	return newSpread(out.Shape.To(axis).Size()*k.m, k.inner, rows)
}

// of returns the weights of element i.
func (k *resize[W]) of(i int) []W { return k.weight[i*k.most:][:k.length[i]] }

// rows computes units [lo,hi).
func (k *resize[W]) rows(out backend.Buf, in []backend.Buf, lo, hi int, _ *par.Worker) {
	y, x := view[W](out.Mem), view[W](in[0].Mem)
	for lo < hi {
		outer, i := lo/k.m, lo%k.m
		n := min(k.m-i, hi-lo)
		k.sum(y[lo*k.inner:], x[outer*k.n*k.inner:], i, n)
		lo += n
	}
}

// sum sets dst to n elements from i on, made of src.
func (k *resize[W]) sum(dst, src []W, i, n int) {
	inner := k.inner
	switch {
	case inner == 1:
		for j := range dst[:n] {
			from := src[k.at[i+j]:]
			var sum W
			for t, w := range k.of(i + j) {
				sum += W(w * from[t])
			}
			dst[j] = sum
		}
	case inner == 3:
		k.triples(dst, src, k.at[i:i+n], k.length[i:i+n], k.weight[i*k.most:], k.most)
	case inner < longOfMany, inner < longRow && k.most <= 4:
		for j := range n {
			sumShort(dst[j*inner:][:inner], src[k.at[i+j]*inner:], k.of(i+j))
		}
	default:
		for j := range n {
			k.long(dst[j*inner:][:inner], src[k.at[i+j]*inner:], inner, k.of(i+j))
		}
	}
}

// halves is rows by way of W: of some columns and some rows of a sum at a time.
func (k *resize[W]) halves(out backend.Buf, in []backend.Buf, lo, hi int, w *par.Worker) {
	cols := max(1, min(k.inner, resizeTile))
	many := max(1, resizeTile/cols) // rows
	mem := scratch[W](w, (many+2)*cols)
	sum, more, x := mem[:cols], mem[cols:2*cols], mem[2*cols:]
	for u := lo; u < hi; u++ {
		i := u % k.m
		from, weights := u/k.m*k.n+k.at[i], k.of(i)
		for c := 0; c < k.inner; c += cols {
			n := min(cols, k.inner-c)
			clear(sum)
			for r := 0; r < len(weights); r += many {
				part := weights[r:min(r+many, len(weights))]
				if n == k.inner {
					loadAs(x[:len(part)*n], in[0], (from+r)*n, 1)
				} else {
					for j := range part {
						loadAs(x[j*n:][:n], in[0], (from+r+j)*k.inner+c, 1)
					}
				}
				k.long(more[:n], x, n, part)
				addTo(sum[:n], more[:n])
			}
			saveAs(out, u*k.inner+c, 1, sum[:n])
		}
	}
}

// sumTriples is [kern.SumTriples] of another type.
func sumTriples[W float32 | float64](dst, src []W, at, length []int, weight []W, most int) {
	for i, from := range at {
		run := src[3*from:]
		var r, g, b W
		for k, w := range weight[i*most:][:length[i]] {
			p := run[3*k : 3*k+3 : 3*k+3]
			r, g, b = r+W(w*p[0]), g+W(w*p[1]), b+W(w*p[2])
		}
		p := dst[3*i : 3*i+3 : 3*i+3]
		p[0], p[1], p[2] = r, g, b
	}
}

// sumShort sets dst to the sum of rows of src of its length times weights, in one pass over
// four rows at a time.
func sumShort[W float32 | float64](dst, src []W, weights []W) {
	n := len(dst)
	switch {
	case len(weights) >= 4:
		w0, w1, w2, w3 := weights[0], weights[1], weights[2], weights[3]
		a, b, c, d := src[:n], src[n:][:n], src[2*n:][:n], src[3*n:][:n]
		for i, v := range a {
			dst[i] = W(w0*v) + W(w1*b[i]) + W(w2*c[i]) + W(w3*d[i])
		}
		src, weights = src[4*n:], weights[4:]
	case len(weights) >= 2:
		w0, w1 := weights[0], weights[1]
		a, b := src[:n], src[n:][:n]
		for i, v := range a {
			dst[i] = W(w0*v) + W(w1*b[i])
		}
		src, weights = src[2*n:], weights[2:]
	default:
		clear(dst)
	}
	for len(weights) > 0 {
		w := weights[0]
		for i, v := range src[:n] {
			dst[i] += W(w * v)
		}
		src, weights = src[n:], weights[1:]
	}
}

// sumLong sets dst to the sum of rows of src, inner apart, times weights.
func sumLong[W float32 | float64](dst, src []W, inner int, weights []W) {
	clear(dst)
	for k, w := range weights {
		for c, v := range src[k*inner:][:len(dst)] {
			dst[c] += W(w * v)
		}
	}
}

// sumLongFloats is sumLong of float32.
func sumLongFloats(dst, src []float32, inner int, weights []float32) {
	if len(weights) == 0 {
		clear(dst)
		return
	}
	for c := 0; c < len(dst); c += resizeTile {
		n := min(resizeTile, len(dst)-c)
		to := dst[c:][:n]
		kern.MulScalar(to, src[c:][:n], weights[0])
		for k, w := range weights[1:] {
			kern.AddScaled(to, to, src[(k+1)*inner+c:][:n], w)
		}
	}
}
