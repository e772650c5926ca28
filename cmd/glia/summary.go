package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/internal/atomicfile"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
)

func newSummary() *cobra.Command {
	var svg string
	c := &cobra.Command{
		Use:   "summary MODEL",
		Short: "Print the layers of a saved model",
		Long: `Print the layers of the model in a .keras or .h5 file, of glia or Keras, the
shapes of their outputs, their numbers of parameters, and how it is trained.

Where a class is unsupported, the layers are printed as the file lists them, and
then everything that is missing with the places where it stands.

--svg draws the layers as boxes, with the shapes of their outputs, and what each
is applied to as arrows: a picture that browsers show.`,
		Example: `  glia summary mnist.keras
  glia summary photos.keras --svg photos.svg`,
		Args: wantArgs(argument{name: "MODEL"}),
		RunE: func(c *cobra.Command, args []string) error {
			if err := wantNames(c, "svg"); err != nil {
				return err
			}
			w := bufio.NewWriter(c.OutOrStdout())
			defer w.Flush() // main tells of its errors
			return summarize(w, args[0], svg)
		},
	}
	c.Flags().StringVar(&svg, "svg", "", "file to draw the network to")
	return c
}

// summarize prints the summary of the model in a file, and draws it to a file of SVG unless
// that is "".
func summarize(w io.Writer, path, svg string) error {
	if svg != "" {
		if err := atomicfile.Check(svg); err != nil {
			return fmt.Errorf("--svg: %w", err)
		}
	}
	f, err := openModelFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if f.Object == nil {
		return fmt.Errorf("%s: a %v file, of weights alone: want one of a model; glia inspect lists weights", path, f.Format)
	}
	fmt.Fprintf(w, "File: %s (%v%s)\n", path, f.Format, by(f.Version))
	m, state, err := loadAnew(path)
	missing := (*keras.MissingError)(nil)
	if errors.As(err, &missing) {
		m, err = loadModel(path, glia.WithoutCompile)
	}
	if err != nil { // the file may tell of its layers all the same
		if outline(w, f) != nil || missing == nil {
			return err
		}
		printMissing(w, missing)
		return nil
	}
	if svg != "" {
		if err := m.writeSVG(svg); err != nil {
			return fmt.Errorf("--svg: %w", err)
		}
	}
	fmt.Fprint(w, m.Summary())
	m.printTraining(w)
	if missing != nil {
		printMissing(w, missing)
	}
	if state != nil {
		fmt.Fprintf(w, "\n%s\n", strings.TrimPrefix(state.Error(), "keras: "))
	}
	return nil
}

// by names the version of Keras, if it is known.
func by(version string) string {
	if version == "" {
		return ""
	}
	return ", Keras " + version
}

// printTraining tells how a compiled model is trained.
func (t *trained) printTraining(w io.Writer) {
	o := t.Optimizer()
	if o == nil {
		return
	}
	fmt.Fprintf(w, " Optimizer: %s, learning rate %s\n", printable(o.Name()), strconv.FormatFloat(o.LearningRate(), 'g', 6, 64))
	fmt.Fprintf(w, " Loss: %s\n", lossText(t.config.Loss))
	var names []string
	for _, m := range t.config.Metrics {
		name := m.Name()
		if _, output, _ := metric.Unwrap(m); output != "" {
			name = output + "_" + name
		}
		names = append(names, printable(name))
	}
	if names != nil {
		fmt.Fprintf(w, " Metrics: %s\n", strings.Join(names, ", "))
	}
}

// lossText names a loss, and each of those of several outputs.
func lossText(l loss.Loss) string {
	several, ok := l.(*loss.PerOutputLoss)
	if !ok {
		return printable(l.Name())
	}
	var all []string
	for _, o := range several.Of {
		s := o.Output + " " + o.Loss.Name()
		if o.Weight != 1 {
			s = fmt.Sprintf("%s × %g", s, o.Weight)
		}
		all = append(all, printable(s))
	}
	return strings.Join(all, ", ")
}

func printMissing(w io.Writer, missing *keras.MissingError) {
	fmt.Fprintf(w, "\n%s\n", strings.TrimPrefix(missing.Error(), "keras: "))
}

// outline prints the layers as the file describes them.
func outline(w io.Writer, f *modelFile) error {
	layers, err := keras.Outline(f.Object)
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	fmt.Fprintf(w, "Model: a %s, as the file tells it\n\n", f.Object.Class)
	params := paramsOf(layers, f.Weights)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "Layer (type)\tOutput Shape\tParam #\n")
	for i, l := range layers {
		fmt.Fprintf(t, "%s%s (%s)\t%s\t%s\n", strings.Repeat("  ", l.Depth), printable(l.Name), printable(l.Class), shapeText(l.Out), grouped(params[i]))
	}
	t.Flush()
	fmt.Fprintln(w)
	printCount(w, "weights", f.Weights)
	printCount(w, "optimizer", f.Optimizer)
	return nil
}

// paramsOf returns how many numbers the file has for each of the layers: for a
// model among them with those of its layers.
func paramsOf(layers []keras.OutlineLayer, weights []*keras.Weight) []int {
	of := map[string]int{}
	for _, w := range weights {
		of[w.Layer] += w.Spec.Shape.Size()
	}
	params := make([]int, len(layers))
	for i, l := range layers {
		n := of[l.Name]
		of[l.Name] = 0 // it counts once, whatever has the same name
		params[i] = n
		depth := l.Depth
		for j := i - 1; j >= 0 && depth > 0; j-- {
			if layers[j].Depth < depth {
				params[j] += n
				depth = layers[j].Depth
			}
		}
	}
	return params
}

// printCount tells how much the weights of a kind are.
func printCount(w io.Writer, what string, weights []*keras.Weight) {
	n, size := 0, 0
	for _, x := range weights {
		n += x.Spec.Shape.Size()
		size += x.Spec.Bytes()
	}
	if len(weights) > 0 {
		fmt.Fprintf(w, " %s: %s, %s (%s)\n", what, plural(len(weights), "tensor"), plural(n, "number"), byteText(int64(size)))
	}
}

// shapeText prints a shape as Keras does, "(None, 10)"; "?" stands for none.
func shapeText(shape []int) string {
	if shape == nil {
		return "?"
	}
	s := make([]string, len(shape))
	for i, n := range shape {
		s[i] = strconv.Itoa(n)
		if n < 0 {
			s[i] = "None"
		}
	}
	if len(s) == 1 {
		return "(" + s[0] + ",)"
	}
	return "(" + strings.Join(s, ", ") + ")"
}
