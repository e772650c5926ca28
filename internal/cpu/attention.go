package cpu

import (
	"math"
	"sync"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/internal/kern"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func init() {
	register(func(op ops.AttentionOp, _, in []tensor.Spec) backend.Kernel {
		if in[0].DType != tensor.Float32 {
			return nil // the plan computes its decomposition
		}
		return newAttention(op.AttentionForm, in)
	})
	register(func(op ops.AttentionGradOp, _, in []tensor.Spec) backend.Kernel {
		if in[0].DType != tensor.Float32 {
			return nil
		}
		return &attentionGrad{*newAttention(op.AttentionForm, in)}
	})
}

// Scores are computed in tiles of so many queries and keys, which stay in the L2 cache.
const (
	tileQueries = 128
	tileKeys    = 128
)

// attention is the kernel of an Attention. A piece is a tile of queries of one head.
type attention struct {
	ops.AttentionForm
	ops.AttentionSizes
	mask        tensor.Spec
	maskAt      [4]int // strides of the mask along scores, 0 where it has one element
	rows        int    // of a tile
	out, in     []backend.Buf
	key, stream uint64 // of dropout
	self        par.Worker
	idle        *attentionIdle
}

// attentionIdle holds the memory of pieces that are not under way.
type attentionIdle struct {
	mu  sync.Mutex
	all []*attentionTile
}

// attentionTile is the memory of one piece: a tile of scores and what is computed of it.
type attentionTile struct {
	scores, values, keys, outer kern.MatMul
	q, x, dx, y, part           []float32
	dk, dv                      []float32
	top, sum, scale             []float32 // of rows
	seen, low, drop, mean       []float32 // of keys, and of a value
}

func newAttention(o ops.AttentionForm, in []tensor.Spec) *attention {
	k := &attention{AttentionForm: o, AttentionSizes: o.Sizes(in[0], in[1], in[2]), idle: &attentionIdle{}}
	k.rows = max(1, min(k.T, tileQueries))
	if o.Masked {
		k.mask = in[3]
		stride := 1
		for axis := 3; axis >= 0; axis-- {
			if d := k.mask.Shape.At(axis); d > 1 {
				k.maskAt[axis] = stride
				stride *= d
			}
		}
	}
	return k
}

// take returns the memory of a piece.
func (k *attention) take(grad bool) *attentionTile {
	k.idle.mu.Lock()
	defer k.idle.mu.Unlock()
	if n := len(k.idle.all); n > 0 {
		t := k.idle.all[n-1]
		k.idle.all = k.idle.all[:n-1]
		return t
	}
	cols, wide := min(k.S, tileKeys), max(k.D, k.E)
	t := &attentionTile{
		q: make([]float32, k.rows*k.D), x: make([]float32, k.rows*cols), y: make([]float32, k.rows*k.E), part: make([]float32, max(k.rows, cols)*wide),
		top: make([]float32, k.rows), sum: make([]float32, k.rows), scale: make([]float32, k.rows),
		seen: make([]float32, cols), low: make([]float32, cols), drop: make([]float32, cols), mean: make([]float32, k.E),
	}
	kern.Fill(t.low, float32(math.Inf(-1)))
	if grad {
		t.dx, t.dk, t.dv = make([]float32, k.rows*cols), make([]float32, cols*k.D), make([]float32, cols*k.E)
	}
	return t
}

func (k *attention) give(t *attentionTile) {
	k.idle.mu.Lock()
	k.idle.all = append(k.idle.all, t)
	k.idle.mu.Unlock()
}

// begin takes the inputs of a run.
func (k *attention) begin(out, in []backend.Buf) {
	k.out, k.in = out, in
	if k.Rate > 0 {
		seed := backend.Data[uint64](k.seedOf(in))
		k.key, k.stream = seed[0], ops.StreamOf(seed[1], k.Stream)
	}
}

func (k *attention) seedOf(in []backend.Buf) backend.Buf {
	if k.Masked {
		return in[4]
	}
	return in[3]
}

// Run implements backend.Kernel.
func (k *attention) Run(out, in []backend.Buf) {
	k.begin(out, in)
	do(k.B*k.H*k.tiles(), k, &k.self)
	k.out, k.in = nil, nil
}

// tiles returns the number of tiles of the queries of a head.
func (k *attention) tiles() int { return (k.T + k.rows - 1) / k.rows }

// Piece implements par.Task.
func (k *attention) Piece(i int, _ *par.Worker) {
	tiles := k.tiles()
	b, h, t0 := i/tiles/k.H, i/tiles%k.H, i%tiles*k.rows
	t1 := min(k.T, t0+k.rows)
	t := k.take(false)
	defer k.give(t)
	n := t1 - t0
	t.top, t.sum, t.scale = t.top[:n], t.sum[:n], t.scale[:n]
	kern.Fill(t.top, float32(math.Inf(-1)))
	clear(t.sum)
	y := t.y[:n*k.E]
	clear(y)
	k.loadQueries(t, b, h, t0, t1)
	from, to := k.keysOf(t0, t1)
	for j0 := from; j0 < to; j0 += tileKeys {
		j1 := min(to, j0+tileKeys)
		cols := j1 - j0
		x := k.scoresOf(t, b, h, t0, t1, j0, j1)
		kern.SoftmaxTile(x, t.top, t.sum, t.scale, cols)
		k.dropShares(t, x, b, h, t0, j0, cols)
		part := y
		if j0 > from {
			kern.ScaleTile(y, t.scale, k.E)
			part = t.part[:n*k.E]
		}
		t.values.M, t.values.N, t.values.K = n, k.E, cols
		t.values.A, t.values.LDA, t.values.B, t.values.LDB, t.values.C, t.values.LDC = x, cols, k.keyRows(2, b, h, j0, k.E), k.G*k.E, part, k.E
		t.values.Run()
		if j0 > from {
			kern.Add(y, y, part)
		}
	}
	k.finish(t, y, b, h, t0)
	t.top, t.sum, t.scale = t.top[:k.rows], t.sum[:k.rows], t.scale[:k.rows]
}

// finish writes the results of queries from t0 on.
func (k *attention) finish(t *attentionTile, y []float32, b, h, t0 int) {
	out, lse := backend.Data[float32](k.out[0]), backend.Data[float32](k.out[1])
	averaged := false
	for r, sum := range t.sum {
		row := out[((b*k.T+t0+r)*k.H+h)*k.E:][:k.E]
		at := (b*k.H+h)*k.T + t0 + r
		if sum != 0 { // NaN too
			kern.MulScalar(row, y[r*k.E:][:k.E], 1/sum)
			lse[at] = t.top[r] + float32(math.Log(float64(sum)))
			continue
		}
		lse[at] = float32(math.Inf(1))
		clear(row)
		if k.Uniform {
			k.uniform(t, row, b, h, at, &averaged)
		}
	}
}

// uniform writes the mean of all values, of those that dropout keeps.
func (k *attention) uniform(t *attentionTile, row []float32, b, h, at int, averaged *bool) {
	if k.Rate > 0 || !*averaged {
		*averaged = true
		clear(t.mean)
		for j := range k.S {
			share := 1 / float32(k.S)
			if k.Rate > 0 {
				kern.DropoutMask(t.drop[:1], k.key, k.stream, uint64(at*k.S+j), float32(k.Rate))
				share *= t.drop[0]
			}
			kern.AddScaled(t.mean, t.mean, k.keyRows(2, b, h, j, k.E)[:k.E], share)
		}
	}
	copy(row, t.mean)
}

// keyRows returns the rows of keys or values, input i, of the head of query head h from j on, which
// lie G·depth apart.
func (k *attention) keyRows(i, b, h, j, depth int) []float32 {
	return backend.Data[float32](k.in[i])[((b*k.S+j)*k.G+h/(k.H/k.G))*depth:]
}

// loadQueries copies scaled queries.
func (k *attention) loadQueries(t *attentionTile, b, h, t0, t1 int) {
	q := backend.Data[float32](k.in[0])
	for r := range t1 - t0 {
		kern.MulScalar(t.q[r*k.D:][:k.D], q[((b*k.T+t0+r)*k.H+h)*k.D:][:k.D], float32(k.Factor()))
	}
}

// keysOf returns the keys that some of the queries may see.
func (k *attention) keysOf(t0, t1 int) (from, to int) {
	from, _ = k.Range(t0, k.S)
	_, to = k.Range(t1-1, k.S)
	return from, to
}

// scoresOf returns a tile of scores, -Inf for keys that queries do not see.
func (k *attention) scoresOf(t *attentionTile, b, h, t0, t1, j0, j1 int) []float32 {
	n, cols := t1-t0, j1-j0
	x := t.x[:n*cols]
	p := &t.scores
	p.M, p.N, p.K, p.TransB = n, cols, k.D, true
	p.A, p.LDA, p.B, p.LDB, p.C, p.LDC = t.q, k.D, k.keyRows(1, b, h, j0, k.D), k.G*k.D, x, cols
	p.Run()
	if k.Causal || k.Window > 0 {
		for r := range n {
			from, to := k.Range(t0+r, k.S)
			row := x[r*cols:][:cols]
			kern.Fill(row[:min(cols, max(0, from-j0))], t.low[0])
			kern.Fill(row[min(cols, max(0, to-j0)):], t.low[0])
		}
	}
	if k.Masked {
		k.maskScores(t, x, b, h, t0, j0, cols)
	}
	return x
}

// maskScores applies the mask to a tile of scores.
func (k *attention) maskScores(t *attentionTile, x []float32, b, h, t0, j0, cols int) {
	at := b*k.maskAt[0] + h*k.maskAt[1] + t0*k.maskAt[2] + j0*k.maskAt[3]
	seen := t.seen[:cols]
	for r := 0; r*cols < len(x); r++ {
		if r == 0 || k.maskAt[2] > 0 {
			k.loadMask(seen, at+r*k.maskAt[2])
		}
		row := x[r*cols:][:cols]
		if k.mask.DType == tensor.Bool {
			kern.Select(row, seen, row, t.low[:cols])
		} else {
			kern.Add(row, row, seen)
		}
	}
}

// loadMask sets dst to elements of the mask.
func (k *attention) loadMask(dst []float32, at int) {
	if k.mask.DType == tensor.Bool {
		m := k.in[3].Mem
		for j := range dst {
			dst[j] = float32(m[at+j*k.maskAt[3]])
		}
		return
	}
	m := backend.Data[float32](k.in[3])
	if k.maskAt[3] == 1 {
		copy(dst, m[at:])
		return
	}
	kern.Fill(dst, m[at])
}

// dropShares applies dropout to a tile of shares.
func (k *attention) dropShares(t *attentionTile, x []float32, b, h, t0, j0, cols int) {
	if k.Rate == 0 {
		return
	}
	for r := 0; r*cols < len(x); r++ {
		row := x[r*cols:][:cols]
		kern.DropoutMask(t.drop[:cols], k.key, k.stream, uint64(((b*k.H+h)*k.T+t0+r)*k.S+j0), float32(k.Rate))
		kern.Mul(row, row, t.drop[:cols])
	}
}

// attentionGrad is the kernel of the gradient. A piece is a head of keys, with all queries that
// share it: so every element is summed by one thread.
type attentionGrad struct{ attention }

// Run implements backend.Kernel.
func (k *attentionGrad) Run(out, in []backend.Buf) {
	k.begin(out, in)
	do(k.B*k.G, k, &k.self)
	k.out, k.in = nil, nil
}

// Piece implements par.Task.
func (k *attentionGrad) Piece(i int, _ *par.Worker) {
	b, g := i/k.G, i%k.G
	t := k.take(true)
	defer k.give(t)
	group := k.H / k.G
	dq := backend.Data[float32](k.out[0])
	for row := b * k.T; row < (b+1)*k.T; row++ {
		clear(dq[(row*k.H+g*group)*k.D:][:group*k.D])
	}
	for j0 := 0; j0 < k.S; j0 += tileKeys {
		j1 := min(k.S, j0+tileKeys)
		dk, dv := t.dk[:(j1-j0)*k.D], t.dv[:(j1-j0)*k.E]
		clear(dk)
		clear(dv)
		for h := g * group; h < (g+1)*group; h++ {
			for t0 := 0; t0 < k.T; t0 += k.rows {
				k.tile(t, dk, dv, b, h, t0, min(k.T, t0+k.rows), j0, j1)
			}
		}
		for j := j0; j < j1; j++ {
			at := (b*k.S+j)*k.G + g
			copy(backend.Data[float32](k.out[1])[at*k.D:][:k.D], dk[(j-j0)*k.D:])
			copy(backend.Data[float32](k.out[2])[at*k.E:][:k.E], dv[(j-j0)*k.E:])
		}
	}
}

// tile adds what a tile of scores gives to the gradients.
func (k *attentionGrad) tile(t *attentionTile, dk, dv []float32, b, h, t0, t1, j0, j1 int) {
	n, cols, last := t1-t0, j1-j0, len(k.in)-3
	rows := (b*k.H+h)*k.T + t0
	lse, delta := backend.Data[float32](k.in[last])[rows:][:n], backend.Data[float32](k.in[last+1])[rows:][:n]
	dy := backend.Data[float32](k.in[last+2])[((b*k.T+t0)*k.H+h)*k.E:]
	if k.Uniform {
		k.uniformGrad(t, dv, dy, lse, rows, j0, cols)
	}
	if from, to := k.keysOf(t0, t1); j0 >= to || j1 <= from {
		return
	}
	k.loadQueries(t, b, h, t0, t1)
	x := k.scoresOf(t, b, h, t0, t1, j0, j1) // then p, then ds
	kern.ExpTile(x, lse, cols)
	dx := t.dx[:n*cols]
	p := &t.values
	p.M, p.N, p.K, p.TransB = n, cols, k.E, true
	p.A, p.LDA, p.B, p.LDB, p.C, p.LDC = dy, k.H*k.E, k.keyRows(2, b, h, j0, k.E), k.G*k.E, dx, cols
	p.Run()
	if k.Rate == 0 {
		k.outerAdd(t, dv, x, dy, n, cols, k.E, k.H*k.E)
		kern.SubMulTile(x, dx, x, delta, cols)
	} else { // dx becomes ds, and x the shares after dropout
		k.dropShares(t, dx, b, h, t0, j0, cols)
		kern.SubMulTile(dx, dx, x, delta, cols)
		k.dropShares(t, x, b, h, t0, j0, cols)
		k.outerAdd(t, dv, x, dy, n, cols, k.E, k.H*k.E)
		x = dx
	}
	k.outerAdd(t, dk, x, t.q, n, cols, k.D, k.D)
	part := t.part[:n*k.D]
	p = &t.keys
	p.M, p.N, p.K = n, k.D, cols
	p.A, p.LDA, p.B, p.LDB, p.C, p.LDC = x, cols, k.keyRows(1, b, h, j0, k.D), k.G*k.D, part, k.D
	p.Run()
	dq := backend.Data[float32](k.out[0])
	for r := range n {
		row := dq[((b*k.T+t0+r)*k.H+h)*k.D:][:k.D]
		kern.AddScaled(row, row, part[r*k.D:][:k.D], float32(k.Factor()))
	}
}

// outerAdd adds xᵀ·y to sum, x being a tile and y rows of some depth, ld apart.
func (k *attentionGrad) outerAdd(t *attentionTile, sum, x, y []float32, n, cols, depth, ld int) {
	part := t.part[:cols*depth]
	p := &t.outer
	p.M, p.N, p.K, p.TransA = cols, depth, n, true
	p.A, p.LDA, p.B, p.LDB, p.C, p.LDC = x, cols, y, ld, part, depth
	p.Run()
	kern.Add(sum, sum, part)
}

// uniformGrad adds to the gradient of values what queries without a key give.
func (k *attentionGrad) uniformGrad(t *attentionTile, dv, dy, lse []float32, row, j0, cols int) {
	for r, l := range lse {
		if !math.IsInf(float64(l), 1) {
			continue
		}
		for j := range cols {
			share := 1 / float32(k.S)
			if k.Rate > 0 {
				kern.DropoutMask(t.drop[:1], k.key, k.stream, uint64((row+r)*k.S+j0+j), float32(k.Rate))
				share *= t.drop[0]
			}
			d := dv[j*k.E:][:k.E]
			kern.AddScaled(d, d, dy[r*k.H*k.E:][:k.E], share)
		}
	}
}
