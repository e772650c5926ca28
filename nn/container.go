package nn

import (
	"fmt"
	"reflect"

	"github.com/glia-ml/glia/graph"
)

// Container is a layer that holds layers: a [Network], or a wrapper of your own. It
// builds them by [Builder.Build] and traces them by [Ctx.Trace], so that each follows its
// own dtype policy and is frozen by its own Frozen, or by that of the container.
type Container interface {
	Layer
	// Layers returns the layers that it holds, each once.
	Layers() []Layer
}

// containerOf returns a layer as a container, if it is one of a comparable type.
func containerOf(l Layer) (Container, bool) {
	c, ok := l.(Container)
	if !ok || isNil(l) || !reflect.ValueOf(l).Comparable() {
		return nil, false
	}
	return c, true
}

// mostApplications bounds the applications of layers in a network. A network that is
// applied twice in one that is applied twice, and so on, has 2ⁿ of them.
const mostApplications = 1 << 20

// wantSize panics if the network is in itself, or too large to be traced.
func (n *Network) wantSize() {
	text := ""
	switch size := applications(n, map[Container]int{}); {
	case size < 0:
		text = "the network is in itself: want networks of other layers"
	case size > mostApplications:
		text = fmt.Sprintf("more than %d applications of layers, with those in networks as often as these are applied: want fewer", mostApplications)
	default:
		return
	}
	panic(&graph.Error{Where: n.where, Text: "nn." + n.Class() + ": " + text})
}

// applications returns the number of applications of layers in one of l, -1 if l holds
// itself. It stops counting at a few more than mostApplications. Known holds the numbers of
// the containers counted so far.
func applications(l Layer, known map[Container]int) int {
	c, ok := containerOf(l)
	if !ok {
		return 1
	}
	if size, ok := known[c]; ok {
		return size
	}
	known[c] = -1 // while it is being counted
	inside, total := c.Layers(), 1
	if n, ok := c.(*Network); ok {
		inside, total = nil, 0
		for _, call := range n.Calls() {
			inside = append(inside, n.layers[call.Layer])
		}
	}
	for _, part := range inside {
		size := applications(part, known)
		if size < 0 {
			return -1
		}
		total = min(total+size, mostApplications+1)
	}
	known[c] = total
	return total
}
