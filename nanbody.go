package glia

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/flow"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// inBodies returns [firstBad] of the bodies of loop or branch n, run on the values of its
// inputs. It returns "" for another operation, and if all values are finite.
func inBodies(d backend.Device, n *graph.Node, values map[*graph.Node]*tensor.Tensor, at string) string {
	in := make([]*tensor.Tensor, len(n.In))
	for i, x := range n.In {
		if in[i] = values[x]; in[i] == nil {
			return ""
		}
	}
	step := func(t int) string { return fmt.Sprintf("%s, in step %d of %s", at, t+1, n.Op.Name()) }
	switch op := n.Op.(type) {
	case flow.ScanOp:
		body := newProbe(d, op.Body)
		for t := range op.Steps {
			args := slices.Clone(in)
			for i := op.State; i < op.State+op.Scanned; i++ {
				args[i] = stepOf(in[i], op.Index(t))
			}
			next, text := body.run(args, step(t))
			if text != "" || next == nil {
				return text
			}
			copy(in, next[:op.State])
		}
	case flow.WhileOp:
		cond, body := newProbe(d, op.Cond), newProbe(d, op.Body)
		for t := 0; op.Max == 0 || t < op.Max; t++ {
			on, text := cond.run(in, step(t))
			if text != "" || on == nil || on[0].Bytes()[0] == 0 {
				return text
			}
			next, text := body.run(in, step(t))
			if text != "" || next == nil {
				return text
			}
			copy(in, next)
		}
	case flow.CondOp:
		branch := op.Then
		if in[0].Bytes()[0] == 0 {
			branch = op.Else
		}
		_, text := newProbe(d, branch).run(in[1:], at)
		return text
	}
	return ""
}

// stepOf returns index t of the first axis of x, in its memory.
func stepOf(x *tensor.Tensor, t int) *tensor.Tensor {
	s := tensor.Spec{DType: x.DType(), Shape: x.Shape().From(1)}
	y, err := tensor.FromBytes(s, x.Bytes()[t*s.Bytes():][:s.Bytes()])
	if err != nil {
		panic(err)
	}
	return y
}

// probe runs a body with every intermediate result kept.
type probe struct {
	device backend.Device
	exe    backend.Executable // nil if it does not compile
	in     []*graph.Node
	nodes  []*graph.Node // to watch
	all    []*graph.Node // the first results of exe; then come those of the body
}

func newProbe(d backend.Device, f *graph.Func) *probe {
	p := &probe{device: d, in: f.In}
	p.nodes, p.all = watched(f.Out)
	exe, err := compile(d, func(g *graph.Graph) []*graph.Node {
		as := map[*graph.Node]*graph.Node{}
		for _, x := range f.In {
			as[x] = g.Input(x.Op.(graph.InputOp).Label, x.Spec())
		}
		return g.Copy(as, slices.Concat(p.all, f.Out)...)
	})
	if err == nil {
		p.exe = exe
	}
	return p
}

// run runs the body and returns its results, nil if that fails, and the text of [firstBad].
func (p *probe) run(in []*tensor.Tensor, at string) (results []*tensor.Tensor, text string) {
	if p.exe == nil {
		return nil, ""
	}
	out := blank(p.exe.Outputs())
	if err := p.exe.Run(out, in); err != nil {
		return nil, ""
	}
	values := map[*graph.Node]*tensor.Tensor{}
	for i, n := range p.all {
		values[n] = out[i]
	}
	for i, n := range p.in {
		values[n] = in[i]
	}
	return out[len(p.all):], firstBad(p.device, p.nodes, values, at)
}
