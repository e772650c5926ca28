package keras

import (
	"fmt"

	"github.com/glia-ml/glia/nn"
)

// mostCalls is how many applications of layers a model may come to beyond those that the
// file has. A model that is applied twice in one that is applied twice, and so on, takes
// few bytes and any amount of memory.
const mostCalls = 1 << 16

// wantSize notes how many applications of layers a network comes to, with those of
// networks in it as often as these are applied. More than most is an error.
func (r *reader) wantSize(n *nn.Network, where string) error {
	calls, size := n.Calls(), 0
	r.calls += len(calls)
	most := mostCalls + r.calls
	for _, c := range calls {
		size += r.sizeOf(n.Layers()[c.Layer])
		if size > most {
			return fmt.Errorf("keras: %s: more than %d applications of layers, with those of models in it as often as these are applied: want fewer", where, most)
		}
	}
	if r.sizes == nil {
		r.sizes = map[*nn.Network]int{}
	}
	r.sizes[n] = size
	return nil
}

// sizeOf returns how many applications of layers one of l comes to.
func (r *reader) sizeOf(l nn.Layer) int {
	if n, ok := l.(*nn.Network); ok && r.sizes[n] > 0 {
		return r.sizes[n]
	}
	c, ok := l.(nn.Container)
	if !ok {
		return 1
	}
	size := 1
	for _, part := range c.Layers() {
		if part != nil {
			size += r.sizeOf(part)
		}
	}
	return size
}
