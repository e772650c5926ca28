package ops

import "github.com/glia-ml/glia/graph"

// Comparisons take any dtype, the same on both sides; false is less than true.
// Nothing compares with NaN, which differs from everything.

// Equal returns whether a == b, elementwise, as Bool.
//
// Shapes: a, b broadcast. DTypes: any, one for both -> Bool. No gradient. Panics with
// *graph.Error if a and b do not broadcast, or their dtypes differ.
func Equal(a, b *graph.Node) *graph.Node { return graph.Apply(EqualOp{}, a, b) }

// EqualOp is the operation behind [Equal].
type EqualOp struct{ comparison }

// Name implements graph.Op.
func (EqualOp) Name() string { return "Equal" }

// Primitive implements [Primitive].
func (EqualOp) Primitive() {}

// Eval implements [Binary].
func (EqualOp) Eval(a, b float64) float64 { return truth(a == b) }

// EvalInt implements [BinaryInt].
func (EqualOp) EvalInt(a, b int64) int64 { return truthInt[int64](a == b) }

// NotEqual returns whether a != b, elementwise, as Bool.
//
// Shapes: a, b broadcast. DTypes: any, one for both -> Bool. No gradient. Panics with
// *graph.Error if a and b do not broadcast, or their dtypes differ.
func NotEqual(a, b *graph.Node) *graph.Node { return graph.Apply(NotEqualOp{}, a, b) }

// NotEqualOp is the operation behind [NotEqual].
type NotEqualOp struct{ comparison }

// Name implements graph.Op.
func (NotEqualOp) Name() string { return "NotEqual" }

// Primitive implements [Primitive].
func (NotEqualOp) Primitive() {}

// Eval implements [Binary].
func (NotEqualOp) Eval(a, b float64) float64 { return truth(a != b) }

// EvalInt implements [BinaryInt].
func (NotEqualOp) EvalInt(a, b int64) int64 { return truthInt[int64](a != b) }

// Less returns whether a < b, elementwise, as Bool.
//
// Shapes: a, b broadcast. DTypes: any, one for both -> Bool. No gradient. Panics with
// *graph.Error if a and b do not broadcast, or their dtypes differ.
func Less(a, b *graph.Node) *graph.Node { return graph.Apply(LessOp{}, a, b) }

// LessOp is the operation behind [Less].
type LessOp struct{ comparison }

// Name implements graph.Op.
func (LessOp) Name() string { return "Less" }

// Primitive implements [Primitive].
func (LessOp) Primitive() {}

// Eval implements [Binary].
func (LessOp) Eval(a, b float64) float64 { return truth(a < b) }

// EvalInt implements [BinaryInt].
func (LessOp) EvalInt(a, b int64) int64 { return truthInt[int64](a < b) }

// EvalUint implements [BinaryUint].
func (LessOp) EvalUint(a, b uint64) uint64 { return truthInt[uint64](a < b) }

// LessEqual returns whether a <= b, elementwise, as Bool.
//
// Shapes: a, b broadcast. DTypes: any, one for both -> Bool. No gradient. Panics with
// *graph.Error if a and b do not broadcast, or their dtypes differ.
func LessEqual(a, b *graph.Node) *graph.Node { return graph.Apply(LessEqualOp{}, a, b) }

// LessEqualOp is the operation behind [LessEqual].
type LessEqualOp struct{ comparison }

// Name implements graph.Op.
func (LessEqualOp) Name() string { return "LessOrEqual" }

// Primitive implements [Primitive].
func (LessEqualOp) Primitive() {}

// Eval implements [Binary].
func (LessEqualOp) Eval(a, b float64) float64 { return truth(a <= b) }

// EvalInt implements [BinaryInt].
func (LessEqualOp) EvalInt(a, b int64) int64 { return truthInt[int64](a <= b) }

// EvalUint implements [BinaryUint].
func (LessEqualOp) EvalUint(a, b uint64) uint64 { return truthInt[uint64](a <= b) }

// Greater returns whether a > b, elementwise, as Bool.
//
// Shapes: a, b broadcast. DTypes: any, one for both -> Bool. No gradient. Panics with
// *graph.Error if a and b do not broadcast, or their dtypes differ.
func Greater(a, b *graph.Node) *graph.Node { return graph.Apply(GreaterOp{}, a, b) }

// GreaterOp is the operation behind [Greater].
type GreaterOp struct{ comparison }

// Name implements graph.Op.
func (GreaterOp) Name() string { return "Greater" }

// Primitive implements [Primitive].
func (GreaterOp) Primitive() {}

// Eval implements [Binary].
func (GreaterOp) Eval(a, b float64) float64 { return truth(a > b) }

// EvalInt implements [BinaryInt].
func (GreaterOp) EvalInt(a, b int64) int64 { return truthInt[int64](a > b) }

// EvalUint implements [BinaryUint].
func (GreaterOp) EvalUint(a, b uint64) uint64 { return truthInt[uint64](a > b) }

// GreaterEqual returns whether a >= b, elementwise, as Bool.
//
// Shapes: a, b broadcast. DTypes: any, one for both -> Bool. No gradient. Panics with
// *graph.Error if a and b do not broadcast, or their dtypes differ.
func GreaterEqual(a, b *graph.Node) *graph.Node { return graph.Apply(GreaterEqualOp{}, a, b) }

// GreaterEqualOp is the operation behind [GreaterEqual].
type GreaterEqualOp struct{ comparison }

// Name implements graph.Op.
func (GreaterEqualOp) Name() string { return "GreaterOrEqual" }

// Primitive implements [Primitive].
func (GreaterEqualOp) Primitive() {}

// Eval implements [Binary].
func (GreaterEqualOp) Eval(a, b float64) float64 { return truth(a >= b) }

// EvalInt implements [BinaryInt].
func (GreaterEqualOp) EvalInt(a, b int64) int64 { return truthInt[int64](a >= b) }

// EvalUint implements [BinaryUint].
func (GreaterEqualOp) EvalUint(a, b uint64) uint64 { return truthInt[uint64](a >= b) }
