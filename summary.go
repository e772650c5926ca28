package glia

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// Summary returns a table of the layers, the shapes of their outputs and their
// numbers of parameters, as Keras prints it. It ends with a newline.
//
// Unless the graph is a chain, a column lists the inputs of each layer: "encoder[1][0]"
// is the first output of the second call of the layer encoder. The last line lists the class
// names, if there are some.
func (m *Model) Summary() string {
	m.mustHold("Summary")
	defer m.traceMu.unlock()
	if m.net == nil {
		return "Model without a network\n"
	}
	name := m.net.Name
	if name == "" {
		name = nn.SnakeCase(m.net.Class())
	}
	head := fmt.Sprintf("Model: %q\n", plaintext.Cut(name, longestShown))
	if !m.built {
		return head + "Not built: want nn.Input in front and Compile, or the first data\n"
	}
	if m.training.call.Load() == nil { // a training does so at the next epoch
		_ = m.refreeze() // Compile reported an error of the optimizer
	}
	rows := [][]string{{"Layer (type)", "Output Shape", "Param #"}}
	connected := connections(m.net)
	if connected != nil {
		rows[0] = append(rows[0], "Connected to")
	}
	for i, r := range m.net.Records() {
		if _, input := r.Layer.(*nn.InputLayer); input && m.net.Class() == "Sequential" {
			continue
		}
		n := count(r.Params).n + count(r.States).n
		row := []string{plaintext.Name(r.Name) + " (" + plaintext.Name(r.Class) + ")", batchShapes(r.Out), grouped(n)}
		if connected != nil {
			row = append(row, connected[i])
		}
		rows = append(rows, row)
	}
	return head + table(rows) + m.paramCounts() + m.classText()
}

// classText lists the class names, if there are some.
func (m *Model) classText() string {
	names := m.ClassNames()
	if names == nil {
		return ""
	}
	var list string
	for i, name := range names {
		if i > 0 {
			list += ", "
		}
		if list += plaintext.Name(name); len(list) > longestShown {
			break
		}
	}
	return fmt.Sprintf(" Classes: %s (%s)\n", grouped(len(names)), plaintext.Cut(list, longestShown))
}

// connections returns the inputs of each layer in words, nil for a chain.
func connections(net *nn.Network) []string {
	calls := net.Calls()
	if isChain(net, calls) {
		return nil
	}
	names := net.Names()
	text := make([]string, len(calls))     // of an output of a call, but for its number
	next := make([]int, len(net.Layers())) // number of a call among those of its layer
	of := make([]string, len(net.Layers()))
	for i, c := range calls {
		text[i] = fmt.Sprintf("%s[%d]", plaintext.Name(names[c.Layer]), next[c.Layer])
		next[c.Layer]++
		for _, p := range c.In {
			if p.Call < 0 || len(of[c.Layer]) > longestShown {
				continue
			}
			if of[c.Layer] != "" {
				of[c.Layer] += ", "
			}
			of[c.Layer] += fmt.Sprintf("%s[%d]", text[p.Call], p.Out)
		}
	}
	for i, s := range of {
		if of[i] = plaintext.Cut(s, longestShown); s == "" {
			of[i] = "-"
		}
	}
	return of
}

// isChain reports whether each layer is applied once, to what the one before it gives.
func isChain(net *nn.Network, calls []nn.Call) bool {
	for i, c := range calls {
		if len(c.In) != 1 || c.In[0].Call != i-1 {
			return false
		}
	}
	return len(calls) == len(net.Layers())
}

// longestShown bounds the bytes of what the summary shows of a name or a list of them.
const longestShown = 200

// paramCounts lists the numbers of parameters of each kind.
func (m *Model) paramCounts() string {
	all, trainable := count(m.net.Vars()), count(m.net.Params())
	fixed := size{all.n - trainable.n, all.bytes - trainable.bytes}
	var opt size
	o := m.Optimizer()
	if o != nil {
		opt = count(o.Vars())
	}
	var b strings.Builder
	line := func(what string, s size) { fmt.Fprintf(&b, " %s: %s (%s)\n", what, grouped(s.n), s) }
	line("Total params", size{all.n + opt.n, all.bytes + opt.bytes})
	line("Trainable params", trainable)
	line("Non-trainable params", fixed)
	if o != nil {
		line("Optimizer params", opt)
	}
	return b.String()
}

// size is the number of elements and bytes of variables.
type size struct{ n, bytes int }

func count(vars []*graph.Var) (s size) {
	for _, v := range vars {
		s.n += v.Spec().Shape.Size()
		s.bytes += v.Spec().Bytes()
	}
	return s
}

// String returns the bytes for people to read, a KB being 1024 of them.
func (s size) String() string {
	units := []string{"B", "KB", "MB", "GB", "TB"}
	v, i := float64(s.bytes), 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d B", s.bytes)
	}
	return fmt.Sprintf("%.2f %s", v, units[i])
}

// batchShapes returns the shapes of outputs, with None for the batch.
func batchShapes(specs []tensor.Spec) string {
	var all []string
	for _, s := range specs {
		all = append(all, batchShape(s.Shape))
	}
	if len(all) == 1 {
		return all[0]
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// batchShape returns a shape with None for the batch and open axes.
func batchShape(d tensor.Dims) string {
	s := []string{"None"}
	for _, n := range d.From(1).Slice() {
		if n == nn.Any {
			s = append(s, "None")
			continue
		}
		s = append(s, fmt.Sprint(n))
	}
	if len(s) == 1 {
		return "(None,)"
	}
	return "(" + strings.Join(s, ", ") + ")"
}

// grouped returns n with commas between thousands.
func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// table draws rows in a box, the first as the head. The third column is numbers.
func table(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	rule := func(left, line, cross, right string) {
		b.WriteString(left)
		for i, w := range widths {
			if i > 0 {
				b.WriteString(cross)
			}
			b.WriteString(strings.Repeat(line, w+2))
		}
		b.WriteString(right + "\n")
	}
	rule("┏", "━", "┳", "┓")
	for i, r := range rows {
		side := "│"
		if i == 0 {
			side = "┃"
		}
		for j, cell := range r {
			pad := strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell))
			if j == 2 && i > 0 {
				cell = pad + cell
			} else {
				cell += pad
			}
			b.WriteString(side + " " + cell + " ")
		}
		b.WriteString(side + "\n")
		if i == 0 {
			rule("┡", "━", "╇", "┩")
		}
	}
	rule("└", "─", "┴", "┘")
	return b.String()
}
