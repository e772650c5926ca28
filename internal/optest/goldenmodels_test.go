package optest

import (
	"math"

	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// on1, on2 make models of functions of the inputs x, or a and b.
func on1(f func(x *graph.Node) *graph.Node) model {
	return func(_ goldenCase, in func(string) *graph.Node) *graph.Node { return f(in("x")) }
}

func on2(f func(a, b *graph.Node) *graph.Node) model {
	return func(_ goldenCase, in func(string) *graph.Node) *graph.Node { return f(in("a"), in("b")) }
}

// lossXY makes a model of a function of the inputs x and y.
func lossXY(f func(x, y *graph.Node) *graph.Node) model {
	return func(_ goldenCase, in func(string) *graph.Node) *graph.Node { return f(in("x"), in("y")) }
}

// lossTarget makes a model of a function of the input x and the attribute target.
func lossTarget(f func(x, target *graph.Node) *graph.Node) model {
	return func(c goldenCase, in func(string) *graph.Node) *graph.Node {
		x := in("x")
		return f(x, constant(x.Graph(), c.Attrs.Target, tensor.Float64, x.Shape().Slice()...))
	}
}

// lossLabels makes a model of a function of the input x and the attribute labels.
func lossLabels(f func(x, labels *graph.Node) *graph.Node) model {
	return func(c goldenCase, in func(string) *graph.Node) *graph.Node {
		x := in("x")
		n := len(flatten(c.Attrs.Labels))
		return f(x, constant(x.Graph(), c.Attrs.Labels, tensor.Int64, n))
	}
}

func scalar(x *graph.Node, v float64) *graph.Node {
	return ops.Full(x.Graph(), tensor.S(x.DType()), v)
}

func mean(x *graph.Node) *graph.Node { return ops.ReduceMean(x) }
func sum(x *graph.Node) *graph.Node  { return ops.ReduceSum(x) }

// golden holds what the cases compute, by their id.
var golden = map[string]model{
	"unary/exp": on1(ops.Exp), "unary/log": on1(ops.Log), "unary/log1p": on1(ops.Log1p), "unary/sqrt": on1(ops.Sqrt),
	"unary/square": on1(ops.Square), "unary/abs": on1(ops.Abs), "unary/sin": on1(ops.Sin), "unary/cos": on1(ops.Cos),
	"unary/tan": on1(ops.Tan), "unary/atan": on1(ops.Atan), "unary/asinh": on1(ops.Asinh), "unary/sigmoid": on1(ops.Sigmoid),
	"unary/gelu_tanh": on1(ops.GeluTanh), "unary/softplus": on1(ops.Softplus), "unary/softsign": on1(ops.Softsign),
	"unary/erfc": on1(ops.Erfc), "unary/floor": on1(ops.Floor),
	"unary/relu6":          on1(func(x *graph.Node) *graph.Node { return ops.Clip(x, 0, 6) }),
	"unary/hardtanh":       on1(func(x *graph.Node) *graph.Node { return ops.Clip(x, -1, 1) }),
	"unary/clamp_-0.5_1.0": on1(func(x *graph.Node) *graph.Node { return ops.Clip(x, -0.5, 1) }),
	"unary/leaky_relu_0.1": on1(func(x *graph.Node) *graph.Node { return ops.LeakyRelu(x, 0.1) }),
	"unary/tanhshrink":     on1(func(x *graph.Node) *graph.Node { return ops.Sub(x, ops.Tanh(x)) }),
	"unary/pow3":           on1(func(x *graph.Node) *graph.Node { return ops.Pow(x, scalar(x, 3)) }),
	"unary/softshrink": on1(func(x *graph.Node) *graph.Node {
		return ops.Mul(ops.Sign(x), ops.Relu(ops.Offset(ops.Abs(x), -0.5)))
	}),
	"unary/hardshrink": on1(func(x *graph.Node) *graph.Node {
		return ops.Where(ops.Greater(ops.Abs(x), scalar(x, 0.5)), x, scalar(x, 0))
	}),

	"binary/add.col": on2(ops.Add), "binary/sub.row": on2(ops.Sub), "binary/sub.col": on2(ops.Sub),
	"binary/sub.scalar": on2(ops.Sub), "binary/mul.3d": on2(ops.Mul), "binary/maximum.same": on2(ops.Maximum),
	"binary/minimum.same": on2(ops.Minimum), "binary/minimum.col": on2(ops.Minimum), "binary/minimum.scalar": on2(ops.Minimum),
	"binary/pow.col": on2(ops.Pow), "binary/atan2.same": on2(ops.Atan2), "binary/atan2.row": on2(ops.Atan2), "binary/atan2.3d": on2(ops.Atan2),

	"matmul/2d": on2(ops.MatMul), "matmul/batched": on2(ops.MatMul), "matmul/vec": on2(ops.MatVec), "matmul/einsum_bij_bjk": on2(ops.MatMul),

	"reduce/max_all":      on1(func(x *graph.Node) *graph.Node { return ops.ReduceMax(x) }),
	"reduce/logsumexp_1":  on1(func(x *graph.Node) *graph.Node { return ops.LogSumExp(x, 1) }),
	"reduce/var_biased_1": on1(func(x *graph.Node) *graph.Node { return ops.Var(x, 1) }),
	"reduce/var_unbiased_1": on1(func(x *graph.Node) *graph.Node {
		n := float64(x.Shape().At(1))
		return ops.Scale(ops.Var(x, 1), n/(n-1))
	}),
	"reduce/std_biased_all": on1(func(x *graph.Node) *graph.Node { return ops.Std(x) }),
	"reduce/cumsum_1":       on1(func(x *graph.Node) *graph.Node { return ops.CumSum(x, 1) }),
	"reduce/median_like_sort": on1(func(x *graph.Node) *graph.Node {
		greatest, _ := ops.TopK(x, x.Shape().At(-1))
		return ops.Flip(greatest, -1)
	}),

	"softmax/softmax_-1":     on1(func(x *graph.Node) *graph.Node { return ops.Softmax(x, -1) }),
	"softmax/log_softmax_-1": on1(func(x *graph.Node) *graph.Node { return ops.LogSoftmax(x, -1) }),
	"softmax/log_softmax_0":  on1(func(x *graph.Node) *graph.Node { return ops.LogSoftmax(x, 0) }),
	"softmax/large_logits":   on1(func(x *graph.Node) *graph.Node { return ops.LogSoftmax(x, -1) }),

	"shape/transpose": on1(func(x *graph.Node) *graph.Node { return ops.Transpose(x) }),
	"shape/permute":   on1(func(x *graph.Node) *graph.Node { return ops.Transpose(x, 2, 0, 1) }),
	"shape/slice_step": on1(func(x *graph.Node) *graph.Node {
		return ops.Slice(x, ops.Range{}, ops.Range{Start: 1, Stop: ops.End}, ops.Range{Stop: ops.End, Step: 2})
	}),
	"shape/flip":        on1(func(x *graph.Node) *graph.Node { return ops.Flip(x, 1) }),
	"shape/tile":        on1(func(x *graph.Node) *graph.Node { return ops.Tile(x, 1, 2, 2) }),
	"shape/pad_reflect": on1(func(x *graph.Node) *graph.Node { return ops.PadReflect(x, []int{0, 0, 1}, []int{0, 0, 2}) }),
	"shape/triu":        on1(func(x *graph.Node) *graph.Node { return ops.Triu(x, 1) }),
	"shape/tril":        on1(func(x *graph.Node) *graph.Node { return ops.Tril(x, 0) }),
	"shape/concat":      on2(func(a, b *graph.Node) *graph.Node { return ops.Concat(1, a, b, a) }),
	"shape/stack":       on2(func(a, b *graph.Node) *graph.Node { return ops.Stack(1, a, b) }),

	"dense/3d_relu": func(_ goldenCase, in func(string) *graph.Node) *graph.Node {
		return ops.Relu(ops.Add(ops.MatMul(in("x"), in("w")), in("b")))
	},
	"dense/torch_layout": func(_ goldenCase, in func(string) *graph.Node) *graph.Node {
		return ops.Add(ops.MatMulT(in("input"), in("weight"), false, true), in("bias"))
	},
	"embedding/dup_ids": func(c goldenCase, in func(string) *graph.Node) *graph.Node {
		return ops.Gather(in("w"), constant(in("w").Graph(), c.Attrs.IDs, tensor.Int64, 2, 3), 0)
	},
	"embedding/padding_idx0": func(c goldenCase, in func(string) *graph.Node) *graph.Node {
		ids := constant(in("w").Graph(), c.Attrs.IDs, tensor.Int64, 2, 3)
		rows := ops.Gather(in("w"), ids, 0)
		isPad := ops.ExpandDims(ops.Equal(ids, scalar(ids, 0)), -1)
		return ops.Where(isPad, ops.StopGradient(rows), rows)
	},

	"loss/mse.sum":  lossXY(func(x, y *graph.Node) *graph.Node { return sum(ops.Square(ops.Sub(x, y))) }),
	"loss/mse.none": lossXY(func(x, y *graph.Node) *graph.Node { return ops.Square(ops.Sub(x, y)) }),
	"loss/mae.sum":  lossXY(func(x, y *graph.Node) *graph.Node { return sum(ops.Abs(ops.Sub(x, y))) }),
	"loss/mae.none": lossXY(func(x, y *graph.Node) *graph.Node { return ops.Abs(ops.Sub(x, y)) }),
	"loss/huber1.mean": lossXY(func(x, y *graph.Node) *graph.Node {
		return mean(huber(ops.Sub(x, y), 1))
	}),
	"loss/smooth_l1_0.5": lossXY(func(x, y *graph.Node) *graph.Node {
		return mean(ops.Scale(huber(ops.Sub(x, y), 0.5), 1/0.5))
	}),
	"loss/kldiv.mean": lossXY(func(x, y *graph.Node) *graph.Node { return mean(divergence(x, y)) }),
	"loss/kldiv.sum":  lossXY(func(x, y *graph.Node) *graph.Node { return sum(divergence(x, y)) }),
	"loss/kldiv.none": lossXY(divergence),
	"loss/logcosh": lossXY(func(x, y *graph.Node) *graph.Node {
		e := ops.Sub(x, y)
		return ops.ReduceMean(ops.Offset(ops.Add(e, ops.Softplus(ops.Scale(e, -2))), -math.Ln2), -1)
	}),
	"loss/cosine": lossXY(func(x, y *graph.Node) *graph.Node {
		dot := ops.ReduceSum(ops.Mul(x, y), -1)
		return ops.Neg(ops.Div(dot, ops.Mul(ops.Norm(x, -1), ops.Norm(y, -1))))
	}),
	"loss/bce.mean":        lossTarget(func(x, z *graph.Node) *graph.Node { return mean(entropy(x, z)) }),
	"loss/bce.sum":         lossTarget(func(x, z *graph.Node) *graph.Node { return sum(entropy(x, z)) }),
	"loss/bce_logits.mean": lossTarget(func(x, z *graph.Node) *graph.Node { return mean(ops.SigmoidCrossEntropy(x, z)) }),
	"loss/bce_logits.none": lossTarget(ops.SigmoidCrossEntropy),
	"loss/squared_hinge": lossTarget(func(x, z *graph.Node) *graph.Node {
		return ops.ReduceMean(ops.Square(ops.Relu(ops.Offset(ops.Neg(ops.Mul(x, z)), 1))), -1)
	}),
	"loss/poisson_nll_torch": lossTarget(func(x, z *graph.Node) *graph.Node { return mean(ops.Sub(ops.Exp(x), ops.Mul(z, x))) }),
	"loss/ce_logits.mean":    lossLabels(func(x, l *graph.Node) *graph.Node { return mean(ops.SparseSoftmaxCrossEntropy(x, l)) }),
	"loss/nll.sum":           lossLabels(func(x, l *graph.Node) *graph.Node { return sum(ops.SparseSoftmaxCrossEntropy(x, l)) }),
	"loss/ce_ignore0": lossLabels(func(x, l *graph.Node) *graph.Node {
		ignored := ops.Equal(l, scalar(l, 0))
		l = ops.Where(ignored, scalar(l, -1), l)
		return ops.Div(sum(ops.SparseSoftmaxCrossEntropy(x, l)), sum(ops.Cast(ops.Not(ignored), x.DType())))
	}),
	"loss/ce_4d": lossLabels(func(x, l *graph.Node) *graph.Node {
		logits := ops.Transpose(x, 0, 2, 3, 1)
		return mean(ops.SparseSoftmaxCrossEntropy(logits, ops.Reshape(l, 1, 2, 2)))
	}),
	"loss/ctc": func(c goldenCase, in func(string) *graph.Node) *graph.Node {
		x := ops.Transpose(in("x"), 1, 0, 2) // [time batch symbols]
		g := x.Graph()
		return ops.CTCLoss(ops.LogSoftmax(x, -1), constant(g, c.Attrs.Targets, tensor.Int64, 2, 3),
			constant(g, c.Attrs.TargetLengths, tensor.Int64, 2), constant(g, c.Attrs.InputLengths, tensor.Int64, 2))
	},
	"loss/triplet": func(_ goldenCase, in func(string) *graph.Node) *graph.Node {
		far := func(x, y *graph.Node) *graph.Node { return ops.Norm(ops.Offset(ops.Sub(x, y), 1e-6), -1) }
		a, p, n := in("a"), in("p"), in("n")
		return mean(ops.Relu(ops.Offset(ops.Sub(far(a, p), far(a, n)), 1)))
	},
	"loss/l2_regularised": func(c goldenCase, in func(string) *graph.Node) *graph.Node {
		x, w := in("x"), in("w")
		y := ops.MatMul(x, w)
		target := constant(x.Graph(), c.Attrs.Target, tensor.Float64, 4, 3)
		penalty := ops.Add(ops.Scale(sum(ops.Square(w)), 0.01), ops.Scale(sum(ops.Abs(w)), 0.02))
		return ops.Add(mean(ops.Square(ops.Sub(y, target))), penalty)
	},

	"graph/mlp": func(c goldenCase, in func(string) *graph.Node) *graph.Node {
		h := ops.Tanh(ops.Add(ops.MatMul(in("x"), in("w1")), in("b1")))
		logits := ops.Add(ops.MatMul(h, in("w2")), in("b2"))
		return mean(ops.SparseSoftmaxCrossEntropy(logits, constant(h.Graph(), c.Attrs.Labels, tensor.Int64, 4)))
	},
	"graph/shared_weight": func(_ goldenCase, in func(string) *graph.Node) *graph.Node {
		h := in("x")
		for range 2 {
			h = ops.Tanh(ops.MatMul(h, in("w")))
		}
		return ops.MatMul(h, in("w"))
	},
	"second/cubic": func(_ goldenCase, in func(string) *graph.Node) *graph.Node {
		x := in("x")
		product := ops.ReduceProd(ops.SliceAxis(x, 0, 0, 3))
		return ops.Add(sum(ops.Pow(x, scalar(x, 3))), product)
	},
	"second/softmax_xent": func(_ goldenCase, in func(string) *graph.Node) *graph.Node {
		x := in("x")
		labels := x.Graph().Const(tensor.Of[int64](2, 0))
		return mean(ops.SparseSoftmaxCrossEntropy(ops.Reshape(x, 2, 3), labels))
	},
	"second/gradient_penalty": func(_ goldenCase, in func(string) *graph.Node) *graph.Node {
		x := in("x")
		y := sum(ops.Tanh(ops.MatMul(x, in("w"))))
		length := ops.Norm(autodiff.Grad(y, x)[0], -1)
		return mean(ops.Square(ops.Offset(length, -1)))
	},
}

// huber is x²/2 within delta of 0 and delta·(|x| - delta/2) outside.
func huber(x *graph.Node, delta float64) *graph.Node {
	size := ops.Abs(x)
	return ops.Where(ops.Less(size, scalar(x, delta)),
		ops.Scale(ops.Square(x), 0.5), ops.Scale(ops.Offset(size, -delta/2), delta))
}

// divergence is p·(ln p - ln q) for q = softmax(x) and p = softmax(y).
func divergence(x, y *graph.Node) *graph.Node {
	return ops.Mul(ops.Softmax(y, -1), ops.Sub(ops.LogSoftmax(y, -1), ops.LogSoftmax(x, -1)))
}

// entropy is the binary cross-entropy of probabilities p and labels z.
func entropy(p, z *graph.Node) *graph.Node {
	one := scalar(p, 1)
	hit := ops.Mul(z, ops.Log(p))
	return ops.Neg(ops.Add(hit, ops.Mul(ops.Sub(one, z), ops.Log(ops.Sub(one, p)))))
}
