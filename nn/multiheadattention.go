package nn

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// MultiHeadAttention returns a layer that attends in several heads: queries, keys and values are
// projected for each, attend by [ops.Attention], and what the heads give is projected to y.
//
// It has the inputs query and value, which is the key, too, or query, value and key; further ones
// are [Named]: query_mask, value_mask and key_mask [B T] and [B S], which otherwise are those of the
// inputs, and attention_mask [B T S], true or not 0 where a query may see a key, which broadcasts
// and may have an axis of heads. Calls take [UseCausalMask], and [ReturnAttentionScores], which makes
// the shares [B N T S], before dropout, a second output. y has the query's mask. As in Keras an
// explicit query_mask has no effect.
//
// A query without a key gets the mean of all values; 0 if the layer has dropout, or the scores
// are asked for, or it attends along several axes. Keras's argument flash_attention chooses a kernel;
// here the scores are never in memory as a whole unless they are asked for, or there are several axes.
//
// Shapes: query [B T D], value [B S V], key [B S K] -> y [B T D], with more axes in the place of T and
// S perhaps; query/kernel [D N keyDim], key/kernel [K N keyDim], value/kernel [V N valueDim],
// attention_output/kernel [N valueDim D]. DTypes: floats. Gradient: query, value, key and the
// variables. Panics with *graph.Error, when built, if the inputs or settings do not fit.
//
// Options: [ValueDim], [UseGate], [SlidingWindow], [OutputShape], [AttentionAxes],
// [AttentionDropout], a [WeightsSetting] for all projections, and every [LayerOption].
//
// Source: keras.layers.MultiHeadAttention; Vaswani et al. 2017, arXiv:1706.03762.
func MultiHeadAttention(numHeads, keyDim int, opts ...MultiHeadAttentionOption) *MultiHeadAttentionLayer {
	l := &MultiHeadAttentionLayer{Base: NewBase(), NumHeads: numHeads, KeyDim: keyDim}
	wantOptions(opts)
	for _, o := range opts {
		o.multiHeadAttention(l)
	}
	return l
}

// MultiHeadAttentionLayer is the layer that [MultiHeadAttention] makes.
type MultiHeadAttentionLayer struct {
	Base
	// NumHeads is the number of heads.
	NumHeads int `json:"num_heads"`
	// KeyDim is the length of a head's queries and keys, ValueDim that of values, KeyDim by default.
	KeyDim   int         `json:"key_dim"`
	ValueDim OptionalInt `json:"value_dim"`
	// OutputShape is the shape in the place of the last axis of y; nil stands for that of the query.
	OutputShape []int `json:"output_shape"`
	// AttentionAxes are those that queries and keys lie along; nil stands for all between the batch
	// and the features.
	AttentionAxes []int `json:"attention_axes"`
	Heads
}

func init() {
	addLayer("MultiHeadAttention", layerOf[MultiHeadAttentionLayer](), anySeed)
}

// Heads groups the settings of [MultiHeadAttention] and [GroupQueryAttention].
type Heads struct {
	// Dropout is the probability that a share is dropped in training.
	Dropout float64 `json:"dropout"`
	// UseGate multiplies what the heads give by a sigmoid of the query.
	UseGate bool `json:"use_gate"`
	// SlidingWindow leaves a query the keys less than it away; 0 leaves all.
	SlidingWindow OptionalInt `json:"sliding_window"`
	// Weights are the settings of all projections.
	Weights

	query, key, gate, value, output *EinsumDenseLayer
}

// HeadsOption is an option of [MultiHeadAttention] and [GroupQueryAttention]: [UseGate],
// [SlidingWindow], an [AttentionDropout], a [WeightsSetting], or a [LayerOption].
type HeadsOption interface {
	MultiHeadAttentionOption
	GroupQueryAttentionOption
}

// HeadsSetting is an option that sets a part of [Heads].
type HeadsSetting func(*Heads)

// MultiHeadAttentionOption is an option of [MultiHeadAttention]: a [HeadsOption] or a
// [MultiHeadAttentionSetting].
type MultiHeadAttentionOption interface {
	multiHeadAttention(*MultiHeadAttentionLayer)
}

// MultiHeadAttentionSetting is an option that sets a part of a [MultiHeadAttentionLayer].
type MultiHeadAttentionSetting func(*MultiHeadAttentionLayer)

func (s MultiHeadAttentionSetting) multiHeadAttention(l *MultiHeadAttentionLayer) { s(l) }
func (s HeadsSetting) multiHeadAttention(l *MultiHeadAttentionLayer)              { s(&l.Heads) }
func (r AttentionDropout) multiHeadAttention(l *MultiHeadAttentionLayer)          { l.Dropout = float64(r) }
func (s WeightsSetting) multiHeadAttention(l *MultiHeadAttentionLayer)            { s(&l.Weights) }
func (s LayerSetting) multiHeadAttention(l *MultiHeadAttentionLayer)              { s(&l.Base) }
func (p DTypePolicy) multiHeadAttention(l *MultiHeadAttentionLayer)               { l.DType = p }

// UseGate multiplies what the heads give by the sigmoid of a projection of the query.
var UseGate HeadsSetting = func(h *Heads) { h.UseGate = true }

// SlidingWindow leaves a query the keys that are less than n places away.
func SlidingWindow(n int) HeadsSetting {
	return func(h *Heads) { h.SlidingWindow = OptionalInt(n) }
}

// ValueDim is the length of a head's values, where it is not that of keys.
func ValueDim(n int) MultiHeadAttentionSetting {
	return func(l *MultiHeadAttentionLayer) { l.ValueDim = OptionalInt(n) }
}

// OutputShape is the shape in the place of the last axis of the output.
func OutputShape(dims ...int) MultiHeadAttentionSetting {
	return func(l *MultiHeadAttentionLayer) { l.OutputShape = dims }
}

// AttentionAxes are the axes along which queries and keys lie.
func AttentionAxes(axes ...int) MultiHeadAttentionSetting {
	return func(l *MultiHeadAttentionLayer) { l.AttentionAxes = axes }
}

// MarshalJSON writes the layer's config as Keras does.
func (l *MultiHeadAttentionLayer) MarshalJSON() ([]byte, error) {
	type plain MultiHeadAttentionLayer
	return configWithout((*plain)(l), nil, "activation")
}

// attentionInputs are the inputs of a call of [MultiHeadAttention] and its like, as Keras has them.
var attentionInputs = []string{"query", "value", "key", "query_mask", "value_mask", "key_mask", "attention_mask"}

// Arguments implements [ArgumentLayer].
func (*Heads) Arguments() (inputs, flags []string) { return attentionInputs, attentionFlags }

// Outputs implements [ArgumentLayer].
func (*Heads) Outputs(args []CallArgument) int { return attentionOutputs(args) }

// check panics unless the settings are in their ranges.
func (h *Heads) check(layer string) {
	wantPartRate(layer, h.Dropout)
	if h.SlidingWindow < 0 {
		panic(graph.Errorf("nn.%s: sliding window %d: want 1 or more", layer, h.SlidingWindow))
	}
}

// attentionOf holds what stands for the inputs of a call.
type attentionOf[V any] struct {
	query, value, key             V
	hasKey                        bool
	queryMask, valueMask, keyMask V
	mask                          V
}

// attentionOfInputs returns the inputs of a call by their names.
func attentionOfInputs[V any](layer string, args []CallArgument, x []V) attentionOf[V] {
	by := inputsByName(attentionInputs, args, x)
	a := attentionOf[V]{
		query: by["query"], value: by["value"], key: by["key"], queryMask: by["query_mask"],
		valueMask: by["value_mask"], keyMask: by["key_mask"], mask: by["attention_mask"],
	}
	_, query := by["query"]
	_, value := by["value"]
	if !query || !value {
		panic(graph.Errorf("nn.%s: %d inputs: want query and value, or query, value and key, which may be the same", layer, len(x)))
	}
	if _, a.hasKey = by["key"]; !a.hasKey {
		a.key = a.value
	}
	return a
}

// wantHeadInputs panics unless query, value and key fit.
func wantHeadInputs(layer string, a attentionOf[tensor.Spec]) {
	q, v, k := a.query, a.value, a.key
	for _, s := range []tensor.Spec{q, v, k} {
		wantFloat(layer, s)
		if s.Rank() < 3 || s.Rank() != q.Rank() || s.Shape.At(-1) < 1 {
			panic(graph.Errorf("nn.%s: query %v, value %v, key %v: want [batch steps features], with more axes of steps perhaps", layer, q, v, k))
		}
	}
	if q.Shape.At(0) != v.Shape.At(0) || k.Shape.To(k.Rank()-1) != v.Shape.To(v.Rank()-1) {
		panic(graph.Errorf("nn.%s: query %v, value %v, key %v: want one batch, and as many keys as values", layer, q, v, k))
	}
}

// dense returns a projection of x of some rank, of the last bound axes to axes of these lengths.
func (h *Heads) dense(name string, rank, bound int, to []int, more ...EinsumDenseOption) *EinsumDenseLayer {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	free := rank - bound
	in, out := letters[:rank], letters[rank:rank+len(to)]
	shape := append(slices.Repeat([]int{Any}, free-1), to...)
	l := EinsumDense(fmt.Sprintf("%s,%s->%s", in, in[free:]+out, in[:free]+out), shape, append(more, Name(name))...)
	w := h.Weights
	w.Activation, w.kernel, w.bias = l.Activation, nil, nil
	l.Weights = w
	if !h.NoBias {
		l.BiasAxes = out
	}
	return l
}

// part builds a projection that Keras's files have under an attribute.
func (h *Heads) part(b *Builder, attribute string, l *EinsumDenseLayer, in tensor.Spec) *EinsumDenseLayer {
	b.buildPart(attribute, l, in)
	return l
}

// Build implements [Layer].
func (l *MultiHeadAttentionLayer) Build(b *Builder, in tensor.Spec) {
	l.BuildAll(b, []tensor.Spec{in})
}

// BuildAll implements [MultiLayer].
func (l *MultiHeadAttentionLayer) BuildAll(b *Builder, in []tensor.Spec) {
	l.check("MultiHeadAttention")
	if l.NumHeads < 1 || l.KeyDim < 1 || l.ValueDim < 0 {
		panic(graph.Errorf("nn.MultiHeadAttention: %d heads of %d, values of %d: want 1 or more", l.NumHeads, l.KeyDim, l.ValueDim))
	}
	a := attentionOfInputs("MultiHeadAttention", b.args, in)
	wantHeadInputs("MultiHeadAttention", a)
	rank := a.query.Rank()
	l.axes(rank)
	keys, values := []int{l.NumHeads, l.KeyDim}, []int{l.NumHeads, l.valueDim()}
	l.query = l.part(b, "query_dense", l.dense("query", rank, 1, keys), a.query)
	l.key = l.part(b, "key_dense", l.dense("key", rank, 1, keys), a.key)
	l.gate = nil
	if l.UseGate {
		l.gate = l.part(b, "_gate_dense", l.dense("gate", rank, 1, values, Sigmoid), a.query)
	}
	l.value = l.part(b, "value_dense", l.dense("value", rank, 1, values), a.value)
	to := l.OutputShape
	if len(to) == 0 {
		to = []int{a.query.Shape.At(-1)}
	}
	made := tensor.Spec{DType: a.query.DType, Shape: a.query.Shape.To(rank - 1).Append(values...)}
	l.output = l.part(b, "output_dense", l.dense("attention_output", rank+1, 2, to), made)
}

// valueDim returns the length of values.
func (l *MultiHeadAttentionLayer) valueDim() int {
	if l.ValueDim == 0 {
		return l.KeyDim
	}
	return int(l.ValueDim)
}

// axes returns the axes along which queries and keys lie, of inputs of some rank.
func (l *MultiHeadAttentionLayer) axes(rank int) []int {
	var axes []int
	for _, a := range l.AttentionAxes {
		if a < 0 {
			a += rank
		}
		if a < 1 || a >= rank-1 || slices.Contains(axes, a) {
			panic(graph.Errorf("nn.MultiHeadAttention: attention axes %s of inputs of %d axes: want each once, none of them the batch or the features", listed(l.AttentionAxes), rank))
		}
		axes = append(axes, a)
	}
	for a := 1; len(l.AttentionAxes) == 0 && a < rank-1; a++ {
		axes = append(axes, a)
	}
	return axes
}

// Call implements [Layer]. It panics: attention has two inputs or more.
func (l *MultiHeadAttentionLayer) Call(c *Ctx, x *graph.Node) *graph.Node {
	return l.CallAll(c, []*graph.Node{x})[0]
}

// CallAll implements [MultiLayer].
func (l *MultiHeadAttentionLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	a := attentionOfInputs("MultiHeadAttention", c.args, x)
	a.queryMask = c.Mask(a.query)
	a.masksOf(c)
	axes := l.axes(a.query.Rank())
	y, scores := l.attend(c, "MultiHeadAttention", a, axes, 1/math.Sqrt(float64(l.KeyDim)))
	c.SetMask(y, fittingMask(a.queryMask, y))
	if scores != nil {
		return []*graph.Node{y, scores}
	}
	return []*graph.Node{y}
}

// masksOf takes the masks of value and key for those that are not given, and leaves those of
// queries to the caller.
func (a *attentionOf[V]) masksOf(c *Ctx) {
	of := any(a).(*attentionOf[*graph.Node])
	if of.valueMask == nil {
		of.valueMask = c.Mask(of.value)
	}
	if of.keyMask == nil && of.hasKey {
		of.keyMask = c.Mask(of.key)
	}
}

// fittingMask returns a mask of y if it has the lengths of its first axes, otherwise nil.
func fittingMask(m, y *graph.Node) *graph.Node {
	if m == nil || m.DType() != tensor.Bool || m.Rank() > y.Rank() || m.Shape() != y.Shape().To(m.Rank()) {
		return nil
	}
	return m
}

// attend projects the inputs, attends along axes and projects what the heads give. Scores is nil
// unless the call asks for them.
func (h *Heads) attend(c *Ctx, layer string, a attentionOf[*graph.Node], axes []int, scale float64) (y, scores *graph.Node) {
	q, k, v := c.Trace(h.query, a.query), c.Trace(h.key, a.key), c.Trace(h.value, a.value)
	if q.Rank() == 4 && !c.Argument(ReturnAttentionScores) {
		y = h.tiled(c, layer, q, k, v, a, scale)
	} else {
		y, scores = h.whole(c, layer, q, k, v, a, axes, scale)
	}
	if h.gate != nil {
		y = ops.Mul(y, c.Trace(h.gate, a.query))
	}
	y = c.Trace(h.output, y)
	if !c.Argument(ReturnAttentionScores) {
		scores = nil
	}
	return y, scores
}

// tiled attends without the scores in memory.
func (h *Heads) tiled(c *Ctx, layer string, q, k, v *graph.Node, a attentionOf[*graph.Node], scale float64) *graph.Node {
	t, s := q.Shape().At(1), k.Shape().At(1)
	var mask *graph.Node
	also := func(m *graph.Node) {
		if mask != nil {
			m = ops.And(mask, m)
		}
		mask = m
	}
	for _, m := range []*graph.Node{a.valueMask, a.keyMask} {
		if m != nil {
			also(ops.ExpandDims(truths(layer, "mask of keys", m, q.Shape().At(0), s), 1, 2))
		}
	}
	if a.mask != nil {
		also(scoreMask(layer, a.mask, 3, tensor.D(q.Shape().At(0), q.Shape().At(2), t, s)))
	}
	settings := ops.AttentionSettings{
		Scale: scale, Causal: c.Argument(UseCausalMask), Window: int(h.SlidingWindow), Uniform: h.Dropout == 0,
	}
	y := attended(c, q, k, v, mask, h.Dropout, settings)
	if m := a.queryMask; m != nil { // such a query sees no key
		m = ops.ExpandDims(truths(layer, "mask of queries", m, q.Shape().At(0), t), -1, -2)
		without := ops.ScalarLike(y, 0)
		if settings.Uniform {
			without = ops.ReduceMeanKeep(v, 1) // [B 1 G E]
			if r := q.Shape().At(2) / k.Shape().At(2); r > 1 {
				without = repeated(without, r)
			}
		}
		y = ops.Where(m, y, without)
	}
	return y
}

// truths returns a mask [B T] as bools.
func truths(layer, what string, m *graph.Node, batch, steps int) *graph.Node {
	if m.Rank() != 2 || m.Shape() != tensor.D(batch, steps) {
		panic(graph.Errorf("nn.%s: %s is %v: want %v", layer, what, m.Spec(), tensor.D(batch, steps)))
	}
	return isTrue(m)
}

// isTrue returns bools that are true where m is, or is not 0.
func isTrue(m *graph.Node) *graph.Node {
	if m.DType() == tensor.Bool {
		return m
	}
	return ops.NotEqual(m, ops.ScalarLike(m, 0))
}

// scoreMask returns the attention_mask of a call as bools that broadcast to scores: with axes put
// before its last ones but for before them that stand for heads and batch.
func scoreMask(layer string, m *graph.Node, behind int, scores tensor.Dims) *graph.Node {
	given := m.Spec()
	for m.Rank() < scores.Rank() {
		m = ops.ExpandDims(m, max(0, m.Rank()+1-behind))
	}
	if s, err := ops.Broadcast(m.Shape(), scores); m.Rank() > scores.Rank() || err != nil || s != scores {
		panic(graph.Errorf("nn.%s: attention mask %v of scores %v: want one that broadcasts to them", layer, given, scores))
	}
	return isTrue(m)
}

// repeated returns heads [B S G E], each r times: [B S G·r E].
func repeated(x *graph.Node, r int) *graph.Node {
	s := x.Shape()
	wide := ops.BroadcastTo(ops.ExpandDims(x, 3), tensor.D(s.At(0), s.At(1), s.At(2), r, s.At(3)))
	return ops.Reshape(wide, s.At(0), s.At(1), s.At(2)*r, s.At(3))
}

// whole attends with the scores in memory, along any axes. A query without a key gets 0.
func (h *Heads) whole(c *Ctx, layer string, q, k, v *graph.Node, a attentionOf[*graph.Node], axes []int, scale float64) (y, scores *graph.Node) {
	if r := q.Shape().At(-2) / k.Shape().At(-2); r > 1 {
		k, v = repeated(k, r), repeated(v, r)
	}
	product, combine := attentionEquations(q.Rank(), axes)
	scores = ops.Einsum(product, k, ops.Scale(q, scale))
	n := len(axes)
	seen := h.seen(c, layer, a, q, k, scores, n)
	shape := scores.Shape()
	rows := shape.To(shape.Rank() - n)
	flat := func(x *graph.Node) *graph.Node {
		return ops.Reshape(x, append(rows.Slice(), shape.From(shape.Rank()-n).Size())...)
	}
	if seen == nil {
		scores = ops.Reshape(ops.Softmax(flat(scores), -1), shape.Slice()...)
	} else {
		far := -1e9
		if scores.DType() == tensor.Float16 {
			far = -3e4
		}
		p := ops.Softmax(flat(ops.Where(seen, scores, ops.ScalarLike(scores, far))), -1)
		scores = ops.Where(seen, ops.Reshape(p, shape.Slice()...), ops.ScalarLike(scores, 0))
	}
	p := scores
	if c.Training && h.Dropout > 0 {
		p = dropout(c, p, h.Dropout, p.Shape())
	}
	return ops.Einsum(combine, p, v), scores
}

// seen returns the mask of scores, nil if there is none.
func (h *Heads) seen(c *Ctx, layer string, a attentionOf[*graph.Node], q, k, scores *graph.Node, axes int) *graph.Node {
	var seen *graph.Node
	also := func(m *graph.Node) {
		m = scoreMask(layer, m, 2*axes+1, scores.Shape())
		if seen != nil {
			m = ops.And(seen, m)
		}
		seen = m
	}
	if m := a.queryMask; m != nil {
		also(ops.ExpandDims(isTrue(m), -1))
	}
	for _, m := range []*graph.Node{a.valueMask, a.keyMask} {
		if m != nil {
			also(ops.ExpandDims(isTrue(m), -2))
		}
	}
	t, s := q.Shape().At(1), k.Shape().At(1)
	if c.Argument(UseCausalMask) {
		also(causalMask(c, t, s))
	}
	if n := int(h.SlidingWindow); n > 0 {
		spec := tensor.S(tensor.Int32, 1, t, s)
		far := ops.Abs(ops.Sub(ops.Iota(c.g, spec, 1), ops.Iota(c.g, spec, 2)))
		also(ops.Less(far, ops.ScalarLike(far, float64(min(n, math.MaxInt32)))))
	}
	if a.mask != nil {
		also(a.mask)
	}
	return seen
}

// attentionEquations returns those of the scores, of keys and queries of some rank, and of what
// the heads give, of shares and values: [batch ... heads queries keys].
func attentionEquations(rank int, axes []int) (product, combine string) {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	query, key := letters[:rank], []byte(letters[:rank])
	next := rank
	var batch, queries, keys strings.Builder
	for i := range rank {
		switch {
		case slices.Contains(axes, i):
			key[i] = letters[next]
			next++
		case i < rank-1:
			batch.WriteByte(query[i])
		}
	}
	for _, i := range axes { // as they are given
		queries.WriteByte(query[i])
		keys.WriteByte(key[i])
	}
	scores := batch.String() + queries.String() + keys.String()
	return fmt.Sprintf("%s,%s->%s", key, query, scores), fmt.Sprintf("%s,%s->%s", scores, key, query)
}
