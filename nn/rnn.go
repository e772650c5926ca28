package nn

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// RNN returns a layer that applies a cell to the steps of sequences, one after the other. The
// cell may be one of your own: see [Cell]. [StackedRNNCells] joins several to one. Masks are as
// for [SimpleRNN].
//
// Shapes: x [B T ...], states as the cell's -> y [B ...], or [B T ...] with
// [ReturnSequences]. Inputs behind x are the initial states; [ReturnState] adds the last ones
// to the outputs, those of stacked cells in the order of the cells.
// Panics with *graph.Error, when built, if the cell is nil or does not fit a step of x; when
// called, if x has no steps or a state is not of its batch.
//
// Options: those of [Loop].
//
// Source: keras.layers.RNN.
func RNN(cell Cell, opts ...LoopOption) *RNNLayer {
	l := &RNNLayer{Base: NewBase(), Cell: cell}
	wantOptions(opts)
	for _, o := range opts {
		o.loop(&l.Base, &l.Loop)
	}
	return l
}

// RNNLayer is the layer that [RNN] makes.
type RNNLayer struct {
	Base
	// Cell is the [Cell].
	Cell Layer `json:"cell"`
	Loop
	// ActivityRegularizer is the penalty of the output. There is none by default.
	ActivityRegularizer Regularizer `json:"activity_regularizer"`
}

func init() {
	addLayer("RNN", layerOf[RNNLayer](), oldLoop)
	addLayer("StackedRNNCells", layerOf[StackedRNNCellsLayer]())
}

// Layers implements [Container].
func (l *RNNLayer) Layers() []Layer { return []Layer{l.Cell} }

// OfIntegers implements [IntegerLayer].
func (l *RNNLayer) OfIntegers(in tensor.DType) tensor.DType {
	if of, ok := l.Cell.(IntegerLayer); ok {
		return of.OfIntegers(in)
	}
	return tensor.Float32
}

// Keywords implements [KeywordLayer].
func (l *RNNLayer) Keywords() []string {
	l.count()
	return l.Loop.Keywords()
}

// OutputCount implements [CountedLayer].
func (l *RNNLayer) OutputCount() int {
	l.count()
	return l.Loop.OutputCount()
}

// count finds the number of states before the layer is built.
func (l *RNNLayer) count() {
	if cell, ok := l.Cell.(Cell); ok && l.cell == nil && !isNil(l.Cell) {
		l.Loop.states = stateCount(cell)
	}
}

// Build implements [Layer].
func (l *RNNLayer) Build(b *Builder, in tensor.Spec) { l.BuildAll(b, []tensor.Spec{in}) }

// BuildAll implements [MultiLayer].
func (l *RNNLayer) BuildAll(b *Builder, in []tensor.Spec) {
	l.attach("RNN", cellOf("RNN", l.Cell), l.ActivityRegularizer)
	l.buildLoop(b, in)
}

// cellOf returns a layer as a cell. It panics with *graph.Error unless it is one.
func cellOf(class string, l Layer) Cell {
	if isNil(l) {
		panic(graph.Errorf("nn.%s: the cell is nil: want one", class))
	}
	cell, ok := l.(Cell)
	if !ok {
		panic(graph.Errorf("nn.%s: %s is no cell: want an nn.Cell, such as nn.LSTMCell", class, ClassOf(l)))
	}
	return cell
}

// StackedRNNCells returns a cell that applies cells one after the other, for [RNN]: the output
// of each is the input of the next. Its states are those of all cells, in their order.
//
// Shapes: those of the first cell's input and of the last one's output.
// Panics with *graph.Error, when built, if there are no cells, one is nil or does not fit.
// Source: keras.layers.StackedRNNCells.
func StackedRNNCells(cells []Cell, opts ...LayerOption) *StackedRNNCellsLayer {
	l := &StackedRNNCellsLayer{Base: NewBase(opts...)}
	for _, c := range cells {
		l.Cells = append(l.Cells, c)
	}
	return l
}

// StackedRNNCellsLayer is the cell that [StackedRNNCells] makes.
type StackedRNNCellsLayer struct {
	Base
	// Cells are the cells, each a [Cell].
	Cells []Layer `json:"cells"`

	in []tensor.Spec // of each cell, for the batch that it was built with
}

// Layers implements [Container].
func (l *StackedRNNCellsLayer) Layers() []Layer { return l.Cells }

// OfIntegers implements [IntegerLayer].
func (l *StackedRNNCellsLayer) OfIntegers(in tensor.DType) tensor.DType {
	if len(l.Cells) > 0 {
		if of, ok := l.Cells[0].(IntegerLayer); ok {
			return of.OfIntegers(in)
		}
	}
	return tensor.Float32
}

// Keywords implements [KeywordLayer].
func (l *StackedRNNCellsLayer) Keywords() []string {
	return slices.Repeat([]string{"states[]"}, l.stateCount())
}

// Build implements [Layer].
func (l *StackedRNNCellsLayer) Build(b *Builder, in tensor.Spec) {
	if len(l.Cells) == 0 {
		panic(graph.Errorf("nn.StackedRNNCells: no cells: want one or more"))
	}
	l.in = nil
	names, slots := map[string]int{}, map[string]int{}
	for _, part := range l.Cells {
		cell := cellOf("StackedRNNCells", part)
		l.in = append(l.in, in)
		slot := numbered(slots, SnakeCase(ClassOf(cell)))
		r := b.buildPartNamed("cells/"+slot, numbered(names, partName(cell)), cell, in)
		in = r.Out[0]
	}
}

// numbered returns a name with "_1" behind it if it is its second use, and so on.
func numbered(used map[string]int, name string) string {
	n := used[name]
	if used[name]++; n > 0 {
		return fmt.Sprintf("%s_%d", name, n)
	}
	return name
}

// stateCount returns the number of all states.
func (l *StackedRNNCellsLayer) stateCount() (n int) {
	for _, part := range l.Cells {
		if cell, ok := part.(Cell); ok && !isNil(part) {
			n += stateCount(cell)
		}
	}
	return n
}

// StateSpecs implements [Cell].
func (l *StackedRNNCellsLayer) StateSpecs(in tensor.Spec) (all []tensor.Spec) {
	for i, s := range l.inputs(in) {
		all = append(all, l.Cells[i].(Cell).StateSpecs(s)...)
	}
	return all
}

// inputs returns the specs of the cells' inputs for a step of spec in.
func (l *StackedRNNCellsLayer) inputs(in tensor.Spec) []tensor.Spec {
	specs := make([]tensor.Spec, len(l.in))
	for i, s := range l.in {
		if i == 0 {
			s = in
		}
		specs[i] = tensor.Spec{DType: in.DType, Shape: s.Shape.With(0, in.Shape.At(0))}
	}
	return specs
}

// Begin implements [Cell].
func (l *StackedRNNCellsLayer) Begin(c *Ctx, in tensor.Spec) CellStep {
	specs := l.inputs(in)
	steps, states := make([]CellStep, len(specs)), make([]int, len(specs))
	for i, s := range specs {
		cell := l.Cells[i].(Cell)
		leave := c.follow(cell)
		steps[i], states[i] = cell.Begin(c, s), len(cell.StateSpecs(s))
		leave()
	}
	return func(x *graph.Node, state []*graph.Node) (*graph.Node, []*graph.Node) {
		var all []*graph.Node
		for i, step := range steps {
			leave := c.follow(l.Cells[i])
			var next []*graph.Node
			x, next = step(x, state[:states[i]:states[i]])
			leave()
			state, all = state[states[i]:], append(all, next...)
		}
		return x, all
	}
}

// Call implements [Layer].
func (l *StackedRNNCellsLayer) Call(c *Ctx, x *graph.Node) *graph.Node { return CallCell(c, l, x)[0] }

// BuildAll implements [MultiLayer].
func (l *StackedRNNCellsLayer) BuildAll(b *Builder, in []tensor.Spec) { l.Build(b, in[0]) }

// CallAll implements [MultiLayer]: x holds a step, and the states before it perhaps.
func (l *StackedRNNCellsLayer) CallAll(c *Ctx, x []*graph.Node) []*graph.Node {
	return CallCell(c, l, x...)
}

// OutputCount implements [CountedLayer].
func (l *StackedRNNCellsLayer) OutputCount() int { return 1 + l.stateCount() }

// cloneLayer returns a new layer with the settings of l, or an error if l is a layer of the
// user's that is not registered. The name stays.
func cloneLayer(l Layer) (Layer, error) {
	switch l := l.(type) {
	case *RNNLayer:
		cell, err := cloneLayer(l.Cell)
		c := *l
		c.Cell, c.Loop.cell, c.kept = cell, nil, nil
		c.Base = l.again()
		return &c, err
	case *StackedRNNCellsLayer:
		c := &StackedRNNCellsLayer{Base: l.again()}
		for _, part := range l.Cells {
			cell, err := cloneLayer(part)
			if err != nil {
				return nil, err
			}
			c.Cells = append(c.Cells, cell)
		}
		return c, nil
	case *SimpleRNNLayer, *LSTMLayer, *GRULayer, *ConvLSTMLayer, *SimpleRNNCellLayer, *LSTMCellLayer, *GRUCellLayer:
		c := reflect.New(reflect.TypeOf(l).Elem())
		c.Elem().Set(reflect.ValueOf(l).Elem())
		again := c.Interface().(Layer)
		base := BaseOf(again)
		*base = base.again()
		return again, nil
	}
	if isNil(l) {
		return nil, fmt.Errorf("a nil layer: want one")
	}
	_, class, config, err := LayerToConfig(l)
	if err != nil {
		return nil, err
	}
	return LayerFromConfig(class, config)
}

// again returns the settings of a layer, for one that is not built.
func (l *Base) again() Base {
	return Base{Name: l.Name, Frozen: l.Frozen, DType: l.DType, where: l.where, named: l.named, misuse: l.misuse}
}

// partName returns the name of a layer in another: its own, or that of its class.
func partName(l Layer) string {
	if base := BaseOf(l); base != nil && base.Name != "" {
		return base.Name
	}
	return SnakeCase(ClassOf(l))
}

// prefixed returns a name with a prefix, once.
func prefixed(prefix, name string) string { return prefix + strings.TrimPrefix(name, prefix) }
