// Package kernels describes the elementwise float32 kernels.
package kernels

// kernels lists the generated functions. Names are those of package kern, where each is
// documented.
var kernels = []kernel{
	binary("Add", (*gen).add2),
	binary("Sub", (*gen).sub2),
	binary("Mul", (*gen).mul2),
	binary("Div", (*gen).div2),
	binary("Max", (*gen).maxNaN),
	binary("Min", (*gen).minNaN),
	compare("Equal", eq),
	compare("NotEqual", neq),
	compare("Less", lt),
	compare("LessEqual", le),
	compare("Greater", gt),
	compare("GreaterEqual", ge),
	{"Select", []string{"mask", "a", "b"}, nil, 4, func(g *gen, x, s []vec) vec {
		return g.pick(g.cmp(x[0], neq, f(0)), x[1], x[2])
	}},
	{"FMAdd", []string{"a", "b", "c"}, nil, 4, func(g *gen, x, s []vec) vec {
		return g.mulAdd(x[0], x[1], x[2])
	}},
	{"AddScaled", []string{"a", "b"}, []string{"s"}, 4, func(g *gen, x, s []vec) vec {
		return g.add(x[0], g.mul(s[0], x[1]))
	}},
	scalar("AddScalar", "s", func(g *gen, x, s vec) vec { return g.add(x, s) }),
	scalar("RSubScalar", "s", func(g *gen, x, s vec) vec { return g.sub(s, x) }),
	scalar("MulScalar", "s", func(g *gen, x, s vec) vec { return g.mul(x, s) }),
	scalar("DivScalar", "s", func(g *gen, x, s vec) vec { return g.div(x, s) }),
	scalar("RDivScalar", "s", func(g *gen, x, s vec) vec { return g.div(s, x) }),
	scalar("MaxScalar", "s", (*gen).maxNaN),
	scalar("MinScalar", "s", (*gen).minNaN),
	{"Clip", []string{"x"}, []string{"lo", "hi"}, 4, func(g *gen, x, s []vec) vec {
		return g.min(s[1], g.max(s[0], x[0]))
	}},
	{"Fill", nil, []string{"s"}, 4, func(g *gen, x, s []vec) vec { return s[0] }},

	unary("Neg", 4, func(g *gen, x vec) vec { return g.xor(x, signBit) }),
	unary("Abs", 4, func(g *gen, x vec) vec { return g.and(x, ^signBit) }),
	unary("Sign", 4, func(g *gen, x vec) vec {
		y := g.pick(g.cmp(x, gt, f(0)), f(1), x)
		return g.pick(g.cmp(x, lt, f(0)), f(-1), y)
	}),
	unary("Square", 4, func(g *gen, x vec) vec { return g.mul(x, x) }),
	unary("Sqrt", 4, (*gen).sqrt),
	unary("Reciprocal", 4, func(g *gen, x vec) vec { return g.div(g.con(f(1)), x) }),
	unary("Rsqrt", 4, func(g *gen, x vec) vec { return g.div(g.con(f(1)), g.sqrt(x)) }),
	unary("Round", 4, func(g *gen, x vec) vec { return g.round(x, 0) }),
	unary("Floor", 4, func(g *gen, x vec) vec { return g.round(x, 1) }),
	unary("Ceil", 4, func(g *gen, x vec) vec { return g.round(x, 2) }),
	unary("Trunc", 4, func(g *gen, x vec) vec { return g.round(x, 3) }),

	unary("Relu", 4, func(g *gen, x vec) vec { return g.max(g.con(f(0)), x) }),
	scalar("LeakyRelu", "alpha", func(g *gen, x, alpha vec) vec {
		return g.pick(g.cmp(x, gt, f(0)), x, g.mul(alpha, x))
	}),
	grad("ReluGrad", nil, func(g *gen, y, dy vec, _ []vec) vec {
		return g.keep(g.cmp(y, gt, f(0)), dy)
	}),
	grad("LeakyReluGrad", []string{"alpha"}, func(g *gen, y, dy vec, s []vec) vec {
		return g.pick(g.cmp(y, gt, f(0)), dy, g.mul(dy, s[0]))
	}),
	{"ClipGrad", []string{"x", "dy"}, []string{"lo", "hi"}, 2, func(g *gen, x, s []vec) vec {
		return g.keep(g.cmp(x[0], ge, s[0]), g.keep(g.cmp(x[0], le, s[1]), x[1]))
	}},
	grad("EluGrad", []string{"alpha"}, func(g *gen, y, dy vec, s []vec) vec {
		return g.pick(g.cmp(y, gt, f(0)), dy, g.mul(dy, g.add(y, s[0])))
	}),
	grad("SigmoidGrad", nil, func(g *gen, y, dy vec, _ []vec) vec {
		return g.mul(g.mul(dy, y), g.sub(g.con(f(1)), y))
	}),
	grad("TanhGrad", nil, func(g *gen, y, dy vec, _ []vec) vec {
		return g.mul(dy, g.sub(g.con(f(1)), g.mul(y, y)))
	}),
}

const signBit con = 1 << 31

func binary(name string, body func(g *gen, a, b vec) vec) kernel {
	return kernel{name, []string{"a", "b"}, nil, 4, func(g *gen, x, _ []vec) vec { return body(g, x[0], x[1]) }}
}

func scalar(name, s string, body func(g *gen, x, s vec) vec) kernel {
	return kernel{name, []string{"x"}, []string{s}, 4, func(g *gen, x, s []vec) vec { return body(g, x[0], s[0]) }}
}

func unary(name string, unroll int, body func(g *gen, x vec) vec) kernel {
	return kernel{name, []string{"x"}, nil, unroll, func(g *gen, x, _ []vec) vec { return body(g, x[0]) }}
}

func grad(name string, s []string, body func(g *gen, y, dy vec, s []vec) vec) kernel {
	return kernel{name, []string{"y", "dy"}, s, 4, func(g *gen, x, s []vec) vec { return body(g, x[0], x[1], s) }}
}

func compare(name string, pred uint8) kernel {
	return binary(name, func(g *gen, a, b vec) vec { return g.keep(g.cmp(a, pred, b), f(1)) })
}

func (g *gen) add2(a, b vec) vec { return g.add(a, b) }
func (g *gen) sub2(a, b vec) vec { return g.sub(a, b) }
func (g *gen) mul2(a, b vec) vec { return g.mul(a, b) }
func (g *gen) div2(a, b vec) vec { return g.div(a, b) }

func (g *gen) maxNaN(a, b vec) vec { return g.pick(g.cmp(a, unord, a), a, g.max(a, b)) }
func (g *gen) minNaN(a, b vec) vec { return g.pick(g.cmp(a, unord, a), a, g.min(a, b)) }
