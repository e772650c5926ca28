package plan

import "slices"

// breakCycles takes groups apart until none depends on itself by way of others. Merging
// asks detours before, whose search passes by a group all of whose nodes come before the
// first of the group that is searched for: it does not see a way on through a later one
// that was merged with an earlier one. That is rare, and a search without bounds would
// make the time to plan a long graph grow with its square.
func (gr *grouping) breakCycles() {
	for {
		cycle := gr.cycle()
		if cycle == nil {
			return
		}
		widest := slices.MaxFunc(cycle, func(a, b *group) int { return a.extent() - b.extent() })
		for _, n := range widest.nodes {
			g := newGroup(n, gr.kernels)
			g.fused = g.fused || g.columns
			gr.of[n] = g
		}
	}
}

// extent returns how far g's last node is from its first: 0 if there is one.
func (g *group) extent() int { return g.last() - g.nodes[0].ID() }

// cycle returns groups each of which depends on the next, and the last on the first, or
// nil if there are none.
func (gr *grouping) cycle() []*group {
	var way []*group // to the group at hand
	done := make(map[*group]bool, len(gr.order))
	var follow func(g *group) []*group
	follow = func(g *group) []*group {
		done[g] = false
		way = append(way, g)
		for _, n := range g.nodes {
			for _, in := range n.In {
				h := gr.of[source(in)]
				if h == nil || h == g {
					continue
				}
				if complete, seen := done[h]; !seen {
					if cycle := follow(h); cycle != nil {
						return cycle
					}
				} else if !complete {
					return way[slices.Index(way, h):]
				}
			}
		}
		done[g] = true
		way = way[:len(way)-1]
		return nil
	}
	for _, n := range gr.order {
		if g := gr.of[n]; g != nil {
			if _, seen := done[g]; !seen {
				if cycle := follow(g); cycle != nil {
					return cycle
				}
			}
		}
	}
	return nil
}
