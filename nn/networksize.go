package nn

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
)

// mostApplications is how many applications of layers a network may come to. A network
// that is applied twice in one that is applied twice, and so on, has 2ⁿ of them.
const mostApplications = 1 << 20

// wantSize panics if the network is in itself, or too large to be traced.
func (n *Network) wantSize() {
	text := ""
	switch size := n.size(map[*Network]int{}); {
	case size < 0:
		text = "the network is in itself: want networks of other layers"
	case size > mostApplications:
		text = fmt.Sprintf("more than %d applications of layers, with those in networks as often as these are applied: want fewer", mostApplications)
	default:
		return
	}
	panic(&graph.Error{Where: n.where, Text: "nn." + n.Class() + ": " + text})
}

// size returns how many applications the network comes to, which may be a few more than
// the most, or -1 if it is in itself.
func (n *Network) size(known map[*Network]int) int {
	if size, ok := known[n]; ok {
		return size
	}
	known[n] = -1 // while it is being counted
	total := 0
	for _, c := range n.Calls() {
		size := 1
		if sub, ok := n.layers[c.Layer].(*Network); ok {
			if size = sub.size(known); size < 0 {
				return -1
			}
		}
		total = min(total+size, mostApplications+1)
	}
	known[n] = total
	return total
}
