package graph

// SetScope names the part of the program that the nodes made from now on belong to,
// the path of a layer for instance, and returns the name before. It is for people:
// equal nodes of two scopes are one node, of the first.
func (g *Graph) SetScope(name string) (before string) {
	g = g.innermost()
	before, g.scope = g.scope, name
	return before
}

// Scope returns the part of the program in which n was made.
func (n *Node) Scope() string { return n.scope }
