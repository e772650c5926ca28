package cpu

import (
	"math"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.MaxPoolOp, out, in []tensor.Spec) backend.Kernel {
		p := poolOf(op.Window, op.Size, in[0].Shape, out[0].Shape)
		p.index = op.Index
		switch dt := in[0].DType; {
		case dt == tensor.Float64:
			return maxPool(p, in[0], math.Inf(-1), maxOfTaps[float64, uint8], maxOfTaps[float64, uint16], maxOfTaps[float64, uint32])
		case dt.IsFloat():
			return maxPool(p, in[0], float32(math.Inf(-1)), maxOfFloats, maxOfTaps[float32, uint16], maxOfTaps[float32, uint32])
		case dt == tensor.Uint64:
			return maxPool(p, in[0], 0, maxOfTaps[uint64, uint8], maxOfTaps[uint64, uint16], maxOfTaps[uint64, uint32])
		case dt.IsUnsigned():
			return maxPool(p, in[0], 0, maxOfTaps[int64, uint8], maxOfTaps[int64, uint16], maxOfTaps[int64, uint32])
		}
		least := int64(-1) << (8*in[0].DType.Size() - 1)
		return maxPool(p, in[0], least, maxOfTaps[int64, uint8], maxOfTaps[int64, uint16], maxOfTaps[int64, uint32])
	})
	register(func(op ops.MaxPoolGradOp, out, in []tensor.Spec) backend.Kernel {
		p := poolOf(op.Window, op.Size, out[0].Shape, in[0].Shape).backward()
		if in[0].DType == tensor.Float64 {
			return countedPool(p, in[0], in[1], sumCounted[float64, uint8], sumCounted[float64, uint16], sumCounted[float64, uint32])
		}
		return countedPool(p, in[0], in[1], sumCountedFloats, sumCounted[float32, uint16], sumCounted[float32, uint32])
	})
	register(func(op ops.MaxPoolAtOp, out, in []tensor.Spec) backend.Kernel {
		p := poolOf(op.Window, op.Size, in[0].Shape, out[0].Shape)
		if in[0].DType == tensor.Float64 {
			return countedPool(p, in[0], in[1], takeCounted[float64, uint8], takeCounted[float64, uint16], takeCounted[float64, uint32])
		}
		return countedPool(p, in[0], in[1], takeCounted[float32, uint8], takeCounted[float32, uint16], takeCounted[float32, uint32])
	})
	register(func(op ops.AvgPoolOp, out, in []tensor.Spec) backend.Kernel {
		p := poolOf(op.Window, op.Size, in[0].Shape, out[0].Shape)
		p.all = op.CountPadding
		if in[0].DType == tensor.Float64 {
			return newPool(p, in[0], 0, meanOfTaps[float64])
		}
		return newPool(p, in[0], 0, meanOfFloats)
	})
	register(func(op ops.AvgPoolGradOp, out, in []tensor.Spec) backend.Kernel {
		p := poolOf(op.Window, op.Size, out[0].Shape, in[0].Shape)
		p.all = op.CountPadding || !p.padded()
		p.shared = !p.all
		p = p.backward()
		if in[0].DType == tensor.Float64 {
			return newPool(p, in[0], 0, meanOfTaps[float64])
		}
		return newPool(p, in[0], 0, meanOfFloats)
	})
}

// pool holds the sizes of a pooling. Its targets are the results of the kernel, its sources
// the elements that those are made of: of a gradient the targets are the places, and the
// sources the windows' results.
type pool struct {
	axes     [ops.MaxPlaces]poolAxis // the first of them of one element, if there are fewer
	batch    int
	channels int
	back     bool // targets are the places
	index    bool // there is a second result
	all      bool // a mean counts the whole window
	shared   bool // sources are divided by the number of elements of their windows
}

// poolAxis is one axis of a pooling: the window takes elements t·stride + k·dilation - low.
type poolAxis struct{ places, results, size, stride, dilation, low int }

func poolOf(w ops.Window, size, x, y tensor.Dims) pool {
	p := pool{batch: x.At(0), channels: x.At(-1)}
	for i := range p.axes {
		p.axes[i] = poolAxis{1, 1, 1, 1, 1, 0}
	}
	for i := range size.Rank() {
		p.axes[len(p.axes)-size.Rank()+i] = poolAxis{x.At(i + 1), y.At(i + 1), size.At(i), w.Strides.At(i), w.Dilations.At(i), w.Low.At(i)}
	}
	return p
}

func (p pool) backward() pool {
	p.back = true
	return p
}

// padded reports whether a window reaches beyond the places.
func (p pool) padded() bool {
	for _, a := range p.axes {
		if a.low > 0 || (a.results-1)*a.stride+(a.size-1)*a.dilation >= a.places {
			return true
		}
	}
	return false
}

// window returns the number of elements of the window.
func (p *pool) window() int { return p.axes[0].size * p.axes[1].size * p.axes[2].size }

// targets and sources return the lengths of axis i.
func (p *pool) targets(i int) int {
	if p.back {
		return p.axes[i].places
	}
	return p.axes[i].results
}

func (p *pool) sources(i int) int {
	if p.back {
		return p.axes[i].results
	}
	return p.axes[i].places
}

// source returns the source of target t by element k of the window, along axis i, which may
// lie outside, and whether there is one.
func (p *pool) source(i, t, k int) (s int, ok bool) {
	a := &p.axes[i]
	if !p.back {
		return t*a.stride + k*a.dilation - a.low, true
	}
	s = t + a.low - k*a.dilation
	return s / a.stride, s%a.stride == 0
}

// count returns how many elements of the window of a result are no padding, along axis i.
func (p *pool) count(i, result int) int {
	a, n := &p.axes[i], 0
	for k := range a.size {
		if at := result*a.stride + k*a.dilation - a.low; at >= 0 && at < a.places {
			n++
		}
	}
	return n
}

// taps is a run of targets whose sources lie alike: target i is made of the sources that begin
// at each of from, i·step elements further. Numbers are those of the window's elements.
type taps[W work, I index] struct {
	dst           []W
	dstStep, step int
	src           []W
	from          []int
	numbers       []int32
	indices       []I // of the targets, as dst, or of the sources, as src
	n, channels   int
	divisor       W
}

// index is the types of the numbers of a window's elements.
type index interface{ uint8 | uint16 | uint32 }

// pooling is the kernel of a pooling. A unit is one target with all of its channels.
type pooling[W work, I index] struct {
	pool
	loop    func(t taps[W, I])
	empty   W    // the result of a window of padding
	convert bool // elements are not of type W
	counted bool // the second input holds indices: of the sources of a gradient, else of the targets
	units   int
	piece   int
	out, in []backend.Buf
	self    par.Worker
}

// maxPool returns the kernel of a maximum, with indices of the narrowest type.
func maxPool[W work](p pool, x tensor.Spec, least W, by8 func(taps[W, uint8]), by16 func(taps[W, uint16]), by32 func(taps[W, uint32])) backend.Kernel {
	switch n := p.window(); {
	case n <= math.MaxUint8:
		return newPool(p, x, least, by8)
	case n <= math.MaxUint16:
		return newPool(p, x, least, by16)
	}
	return newPool(p, x, least, by32)
}

// countedPool returns the kernel of an operation that reads indices.
func countedPool[W work](p pool, x, i tensor.Spec, by8 func(taps[W, uint8]), by16 func(taps[W, uint16]), by32 func(taps[W, uint32])) backend.Kernel {
	switch i.DType {
	case tensor.Uint8:
		k := newPool(p, x, 0, by8)
		k.counted = true
		return k
	case tensor.Uint16:
		k := newPool(p, x, 0, by16)
		k.counted = true
		return k
	}
	k := newPool(p, x, 0, by32)
	k.counted = true
	return k
}

func newPool[W work, I index](p pool, x tensor.Spec, empty W, loop func(taps[W, I])) *pooling[W, I] {
	k := &pooling[W, I]{pool: p, loop: loop, empty: empty}
	k.convert = x.DType != dtypeOf[W]()
	k.units = p.batch * p.targets(0) * p.targets(1) * p.targets(2)
	each := p.window()
	if p.back { // about as many windows have a place
		each = (each + p.axes[0].stride*p.axes[1].stride*p.axes[2].stride - 1) / (p.axes[0].stride * p.axes[1].stride * p.axes[2].stride)
	}
	k.piece = max(1, pieceLen/max(1, p.channels*each))
	if p.channels == 0 {
		k.units = 0
	}
	return k
}

// Run implements backend.Kernel.
func (k *pooling[W, I]) Run(out, in []backend.Buf) {
	if k.units == 0 {
		return
	}
	k.out, k.in = out, in
	do((k.units+k.piece-1)/k.piece, k, &k.self)
	k.out, k.in = nil, nil
}

// Piece implements par.Task.
func (k *pooling[W, I]) Piece(i int, w *par.Worker) {
	hi := min((i+1)*k.piece, k.units)
	for lo := i * k.piece; lo < hi; {
		row, t := lo/k.targets(2), lo%k.targets(2)
		n := min(k.targets(2)-t, hi-lo)
		k.row(row, t, n, w)
		lo += n
	}
}

// poolRow is a row of sources along the last axis: where its first lies in the memory that is
// read, and the number of the first of the window's elements in it.
type poolRow struct{ first, number int }

// row computes n targets of a row, from t on.
func (k *pooling[W, I]) row(row, t, n int, w *par.Worker) {
	t1, t0, b := row%k.targets(1), row/k.targets(1)%k.targets(0), row/k.targets(1)/k.targets(0)
	size, window := k.axes[0].size*k.axes[1].size, k.window()
	lists := view[int](w.Extra(8 * (3*size + 2*window + k.axes[2].size)))
	rows := view[poolRow](lists[:2*size])[:0]
	r := run[W, I]{pooling: k, from: lists[3*size:][:window], ks: lists[3*size+2*window:][:k.axes[2].size], numbers: view[int32](lists[3*size+window:][:window])}
	length := k.sources(2) * k.channels
	weights := lists[2*size:][:size]
	for k0 := range k.axes[0].size {
		s0, ok := k.source(0, t0, k0)
		if !ok || s0 < 0 || s0 >= k.sources(0) {
			continue
		}
		for k1 := range k.axes[1].size {
			s1, ok := k.source(1, t1, k1)
			if !ok || s1 < 0 || s1 >= k.sources(1) {
				continue
			}
			if k.shared {
				weights[len(rows)] = k.count(0, s0) * k.count(1, s1)
			}
			rows = append(rows, poolRow{((b*k.sources(0)+s0)*k.sources(1) + s1) * length, (k0*k.axes[1].size + k1) * k.axes[2].size})
		}
	}
	r.rows = rows
	at := (row*k.targets(2) + t) * k.channels
	if k.convert || k.shared {
		r.load(weights, at, t, n, w)
	} else {
		r.src, r.dst = view[W](k.in[0].Mem), view[W](k.out[0].Mem)[at:][:n*k.channels]
		if k.counted {
			r.indices = view[I](k.in[1].Mem)
		}
	}
	switch {
	case k.index:
		r.indices = view[I](k.out[1].Mem)[at:][:n*k.channels]
	case k.counted && !k.back:
		r.indices = view[I](k.in[1].Mem)[at:][:n*k.channels]
	}
	r.runs(t, n)
	if k.convert {
		saveAs(k.out[0], at, 1, r.dst)
	}
}

// run is the work on some targets of one row.
type run[W work, I index] struct {
	*pooling[W, I]
	rows     []poolRow
	from, ks []int // memory for lists
	numbers  []int32
	dst, src []W
	indices  []I
}

// load converts the sources of n targets from t on, of which the first is element at, and
// points the rows to them.
func (r *run[W, I]) load(weights []int, at, t, n int, w *par.Worker) {
	a := &r.axes[2]
	lo, hi := t*a.stride-a.low, (t+n-1)*a.stride+(a.size-1)*a.dilation-a.low+1
	if r.back {
		lo, hi = (t+a.low-(a.size-1)*a.dilation)/a.stride, (t+n-1+a.low)/a.stride+1
	}
	lo, hi = max(lo, 0), min(hi, r.sources(2))
	length := max(0, hi-lo) * r.channels
	memory := scratch[W](w, length*len(r.rows)*2+n*r.channels) // of indices no more than of elements
	r.src, r.dst = memory[:length*len(r.rows)], memory[2*length*len(r.rows):]
	if !r.convert {
		r.dst = view[W](r.out[0].Mem)[at:][:n*r.channels]
	}
	if r.counted && r.back {
		r.indices = view[I](memory[length*len(r.rows):])
	}
	for i, row := range r.rows {
		part := r.src[i*length:][:length]
		loadAs(part, r.in[0], row.first+lo*r.channels, 1)
		if r.counted && r.back {
			copy(r.indices[i*length:][:length], view[I](r.in[1].Mem)[row.first+lo*r.channels:])
		}
		for s := lo; s < hi && r.shared; s++ {
			divide(part[(s-lo)*r.channels:][:r.channels], W(max(1, weights[i]*r.count(2, s))))
		}
		r.rows[i].first = i*length - lo*r.channels
	}
}

// divide divides all elements by a number.
func divide[W work](x []W, by W) {
	for i := range x {
		x[i] /= by
	}
}

// runs computes n targets from t on, phase by phase: the targets whose sources are of the same
// elements of the window.
func (r *run[W, I]) runs(t, n int) {
	a := &r.axes[2]
	phases, step := 1, a.stride
	if r.back {
		phases, step = a.stride, 1
	}
	for phase := range min(phases, n) {
		first, count := t+phase, (n-phase+phases-1)/phases
		lo, hi, ks := 0, count, r.ks[:0]
		for k := range a.size {
			s, ok := r.source(2, first, k)
			if !ok {
				continue
			}
			ks = append(ks, k)
			if s < 0 {
				lo = max(lo, (-s+step-1)/step)
			}
			hi = min(hi, (r.sources(2)-1-s+step)/step)
		}
		if hi <= lo {
			lo, hi = count, count
		}
		for i := range lo {
			r.emit(t, first+i*phases, phases, 1, step, ks)
		}
		if lo < hi {
			r.emit(t, first+lo*phases, phases, hi-lo, step, ks)
		}
		for i := hi; i < count; i++ {
			r.emit(t, first+i*phases, phases, 1, step, ks)
		}
	}
}

// emit computes count targets, of which the first is the target first, phases apart, in the run
// that begins with target t. Their sources by elements ks of the window, step apart, are all
// inside, or there is one target.
func (r *run[W, I]) emit(t, first, phases, count, step int, ks []int) {
	from, numbers := r.from[:0], r.numbers[:0]
	for _, row := range r.rows {
		for _, k := range ks {
			if s, _ := r.source(2, first, k); s >= 0 && s < r.sources(2) {
				from, numbers = append(from, row.first+s*r.channels), append(numbers, int32(row.number+k))
			}
		}
	}
	at := (first - t) * r.channels
	run := taps[W, I]{
		dst: r.dst[at:], dstStep: phases * r.channels, src: r.src, step: step * r.channels, from: from, numbers: numbers,
		indices: r.indices, n: count, channels: r.channels, divisor: 1,
	}
	if r.index || r.counted && !r.back {
		run.indices = r.indices[at:]
	}
	switch {
	case r.all:
		run.divisor = W(r.window())
	case !r.back:
		run.divisor = W(max(1, len(from)))
	}
	if len(from) > 0 {
		r.loop(run)
		return
	}
	for i := range count {
		for c := range r.channels {
			run.dst[i*run.dstStep+c] = r.empty
			if r.index {
				run.indices[i*run.dstStep+c] = I(r.window())
			}
		}
	}
}

// maxOfTaps sets each target to the greatest of its sources, the first of equal ones and of
// NaNs, and its index, if there are any, to the number of that.
func maxOfTaps[W work, I index](t taps[W, I]) {
	for i := range t.n {
		dst := t.dst[i*t.dstStep:][:t.channels]
		copy(dst, t.src[t.from[0]+i*t.step:])
		if t.indices == nil {
			for _, from := range t.from[1:] {
				for c, v := range t.src[from+i*t.step:][:t.channels] {
					if v > dst[c] || v != v {
						dst[c] = v
					}
				}
			}
			continue
		}
		index := t.indices[i*t.dstStep:][:t.channels]
		for c := range index {
			index[c] = I(t.numbers[0])
		}
		for k, from := range t.from[1:] {
			number := I(t.numbers[k+1])
			for c, v := range t.src[from+i*t.step:][:t.channels] {
				if v > dst[c] || v != v && dst[c] == dst[c] {
					dst[c], index[c] = v, number
				}
			}
		}
	}
}

// sumCounted sets each target to the sum of those sources whose indices are its numbers.
func sumCounted[W work, I index](t taps[W, I]) {
	for i := range t.n {
		dst := t.dst[i*t.dstStep:][:t.channels]
		clear(dst)
		for k, from := range t.from {
			number, at := I(t.numbers[k]), from+i*t.step
			index := t.indices[at:][:t.channels]
			for c, v := range t.src[at:][:t.channels] {
				if index[c] == number {
					dst[c] += v
				}
			}
		}
	}
}

// takeCounted sets each target to the source that its index counts, and to 0 if none does.
func takeCounted[W work, I index](t taps[W, I]) {
	for i := range t.n {
		dst, index := t.dst[i*t.dstStep:][:t.channels], t.indices[i*t.dstStep:][:t.channels]
		clear(dst)
		for k, from := range t.from {
			number := I(t.numbers[k])
			for c, v := range t.src[from+i*t.step:][:t.channels] {
				if index[c] == number {
					dst[c] = v
				}
			}
		}
	}
}

// meanOfTaps sets each target to the sum of its sources divided by the divisor.
func meanOfTaps[W work](t taps[W, uint8]) {
	for i := range t.n {
		dst := t.dst[i*t.dstStep:][:t.channels]
		copy(dst, t.src[t.from[0]+i*t.step:])
		for _, from := range t.from[1:] {
			for c, v := range t.src[from+i*t.step:][:t.channels] {
				dst[c] += v
			}
		}
		if t.divisor != 1 {
			divide(dst, t.divisor)
		}
	}
}

// maxOfFloats is maxOfTaps of float32.
func maxOfFloats(t taps[float32, uint8]) {
	if t.indices == nil {
		kern.PoolMax(t.dst, t.src, t.from, t.n, t.dstStep, t.step, t.channels)
	} else {
		kern.PoolMaxIndex(t.dst, t.src, t.indices, t.from, t.numbers, t.n, t.dstStep, t.step, t.channels)
	}
}

// meanOfFloats is meanOfTaps of float32.
func meanOfFloats(t taps[float32, uint8]) {
	kern.PoolMean(t.dst, t.src, t.from, t.n, t.dstStep, t.step, t.channels, t.divisor)
}

// sumCountedFloats is sumCounted of float32.
func sumCountedFloats(t taps[float32, uint8]) {
	kern.PoolCounted(t.dst, t.src, t.indices, t.from, t.numbers, t.n, t.dstStep, t.step, t.channels)
}
