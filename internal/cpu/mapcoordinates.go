package cpu

import (
	"math"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.MapCoordinatesOp, out, in []tensor.Spec) backend.Kernel {
		if in[0].DType == tensor.Float64 {
			return newSampler[float64](op.Sampling, in[0], in[1])
		}
		return newSampler[float32](op.Sampling, in[0], in[1])
	})
}

// sampler computes results of MapCoordinates, in floats F.
type sampler[F float32 | float64] struct {
	ops.Sampling
	shape [ops.MaxPlaces]int // the axes between the batch and the channels
	axes  int
	c     int // channels
}

func newSampler[F float32 | float64](s ops.Sampling, x, at tensor.Spec) backend.Kernel {
	k := sampler[F]{Sampling: s, axes: at.Shape.At(1), c: x.Shape.At(-1)}
	for i := range k.axes {
		k.shape[i] = x.Shape.At(i + 1)
	}
	each := at.Shape.From(2).Size() // results of a sample
	return newSpread(at.Shape.At(0)*each, 8*(k.c+2), func(out backend.Buf, in []backend.Buf, lo, hi int, w *par.Worker) {
		for lo < hi { // sample by sample
			n := lo / each
			end := min(hi, (n+1)*each)
			at := scratch[float64](w, (end-lo)*k.axes)
			for axis := range k.axes {
				loadAs(at[axis*(end-lo):(axis+1)*(end-lo)], in[1], (n*k.axes+axis)*each+lo-n*each, 1)
			}
			k.run(out, in[0], n*k.shape[0], lo, at, w)
			lo = end
		}
	})
}

// run computes the results from lo on at coordinates, all of which have those of the first axis
// before those of the next. First is the first row of their sample.
func (k *sampler[F]) run(out, x backend.Buf, first, lo int, at []float64, w *par.Worker) {
	n := len(at) / k.axes
	wide := x.DType.Size() >= 4
	var y, row, from []F
	if wide {
		y, from = backend.Data[F](out)[lo*k.c:(lo+n)*k.c], backend.Data[F](x)
	} else {
		all := view[F](w.Extra(4 * (n + 1) * k.c))
		y, row = all[:n*k.c], all[n*k.c:]
	}
	var place [ops.MaxPlaces]float64
	for i := range n {
		for axis := range k.axes {
			place[axis] = at[axis*n+i]
		}
		to := y[i*k.c : (i+1)*k.c]
		if !wide || !k.inside(to, from, first, place[0], place[1]) {
			k.sample(to, first, place[:k.axes], x, row)
		}
	}
	if !wide {
		saveAs(out, lo*k.c, 1, y)
	}
}

// inside computes one result between four elements of a picture, and reports whether it is one:
// the case that counts. First is the first row of the sample.
func (k *sampler[F]) inside(y, x []F, first int, at, across float64) bool {
	if k.axes != 2 || k.Nearest || !(at >= 0 && across >= 0 && at < float64(k.shape[0]-1) && across < float64(k.shape[1]-1)) {
		return false
	}
	i, j := int(at), int(across)
	down, right := F(at-float64(i)), F(across-float64(j))
	up, left := 1-down, 1-right
	w00, w01, w10, w11 := up*left, up*right, down*left, down*right
	from, c := ((first+i)*k.shape[1]+j)*k.c, k.c
	above := x[from : from+2*c]
	below := x[from+k.shape[1]*c:][:2*c]
	for ch := range y {
		y[ch] = w00*above[ch] + w01*above[c+ch] + (w10*below[ch] + w11*below[c+ch])
	}
	return true
}

// sample computes one result. Row is memory for the channels of an element of x that has 16 bits.
func (k *sampler[F]) sample(y []F, first int, at []float64, x backend.Buf, row []F) {
	var low [ops.MaxPlaces]int
	var part [ops.MaxPlaces]F
	corners := 1 << k.axes
	if k.Nearest {
		corners = 1
	}
	for axis, v := range at {
		v = min(max(v, -ops.FarCoordinate), ops.FarCoordinate) // NaN stays
		switch {
		case v != v:
			for ch := range y {
				y[ch] = F(math.NaN())
			}
			return
		case k.Nearest:
			low[axis] = int(math.Round(v))
		default:
			floor := math.Floor(v)
			low[axis], part[axis] = int(floor), F(v-floor)
		}
	}
	clear(y)
	for corner := range corners {
		weight, r := F(1), first
		for axis := range at {
			i := low[axis]
			switch {
			case k.Nearest:
			case corner>>axis&1 == 1:
				weight *= part[axis]
				i++
			default:
				weight *= 1 - part[axis]
			}
			i = k.Fill.Index(i, k.shape[axis])
			switch {
			case i < 0 || r < 0:
				r = -1
			case axis == 0:
				r += i
			default:
				r = r*k.shape[axis] + i
			}
		}
		if r < 0 {
			for ch := range y {
				y[ch] += weight * F(k.Value)
			}
			continue
		}
		if x.DType.Size() < 4 {
			loadAs(row, x, r*k.c, 1)
		} else {
			row = backend.Data[F](x)[r*k.c : (r+1)*k.c]
		}
		for ch, v := range row {
			y[ch] += weight * v
		}
	}
}
