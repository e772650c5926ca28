package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/glia-ml/glia"
)

// predicting is one call of glia predict: its flags, and where it writes.
type predicting struct {
	classes    string
	names      []string // of the classes, from the flag; nil if there are none
	top, limit int
	scale      factor
	invert     inversion
	array      string
	memory     memory
	jsonPath   string
	quiet      bool

	stdout, stderr io.Writer
}

func newPredict() *cobra.Command {
	p := &predicting{invert: invertAuto}
	c := &cobra.Command{
		Use:   "predict MODEL INPUT...",
		Short: "Predict with a saved model: what a picture shows, or numbers",
		Long: `Predict with the model in a .keras or .h5 file, of glia or Keras. An input is

  a picture, PNG, JPEG, GIF (the first frame), WebP, BMP or TIFF, as a person sees it:
      turned as its EXIF says, and on white where it is transparent, or on black if what
      is visible is light; made grey if the model takes one channel, and stretched to
      what it takes. A grey picture for a model without names of classes is taken for a
      digit: it keeps its proportions, in the colour of its edges
  IDX, plain or .gz, .npy, or .npz (--array says which array): samples along the
      first axis, or one alone
  .csv, .tsv or .txt: a sample a line; the first line may hold the names of columns,
      which are no numbers. A line that lacks a value is an error, the first one too

Pictures and bytes (uint8) are scaled from 0..255 to 0..1, unless the model begins
with Rescaling; all other numbers stay as they are. --scale sets another factor for
both, 1/255 for a .csv of pixels, or 1 for none.

Digits of MNIST are light on a dark ground. A digit whose edges are light, in the
median, is taken for ink on paper: dark and light are changed over, and a line says
so. --invert does that to every picture, --invert=no to none.

Where the outputs of a sample are probabilities, or logits by the model's loss, the
classes with the largest are printed; otherwise all outputs, as numbers. Classes have
the names in the model's file, or those of --classes.`,
		Example: `  glia predict mnist.keras digit.png
  glia predict mnist.keras t10k-images-idx3-ubyte.gz --limit 20 --top 1
  glia predict pets.keras cat.jpg dog.webp --top 1
  glia predict bare.keras cat.jpg --classes cat,dog`,
		Args: wantMoreArgs(argument{name: "MODEL"}, argument{name: "INPUT"}),
		RunE: func(c *cobra.Command, args []string) error {
			p.stdout, p.stderr = c.OutOrStdout(), c.ErrOrStderr()
			if p.quiet {
				p.stdout = io.Discard
			}
			if err := p.check(c); err != nil {
				return err
			}
			return p.run(c.Context(), args[0], args[1:])
		},
	}
	f := c.Flags()
	f.StringVar(&p.classes, "classes", "", "names of the classes, in place of those in the model's file: a,b,c or a file with one a line")
	f.IntVar(&p.top, "top", 3, "how many classes to print")
	f.IntVar(&p.limit, "limit", 0, "most samples of a file (default all)")
	f.Var(&p.scale, "scale", "factor of the numbers in the inputs")
	f.Var(&p.invert, "invert", "change dark and light over in pictures")
	f.Lookup("invert").NoOptDefVal = string(invertYes)
	f.StringVar(&p.array, "array", "", "array of a .npz to take")
	p.memory.flag(f)
	f.StringVar(&p.jsonPath, "json", "", "file to write the results to")
	f.BoolVar(&p.quiet, "quiet", false, "print nothing but errors")
	return c
}

// check finds values that make no sense.
func (p *predicting) check(c *cobra.Command) error {
	switch {
	case p.top < 1:
		return misused(c, "--top: got %d, want 1 or more", p.top)
	case p.limit < 0:
		return misused(c, "--limit: got %d, want 1 or more, or 0 for all", p.limit)
	}
	return wantNames(c, "classes", "array", "json")
}

// predictRecord is the object that predict --json writes.
type predictRecord struct {
	Model       string             `json:"model"`
	Predictions []predictionRecord `json:"predictions"`
}

type predictionRecord struct {
	Input         string   `json:"input"`
	Sample        *int     `json:"sample,omitempty"` // missing if the input is one sample
	Class         string   `json:"class,omitempty"`  // missing, with the next two, if outputs are numbers
	Index         *int     `json:"index,omitempty"`  // of the class
	Probabilities []number `json:"probabilities,omitempty"`
	Outputs       []number `json:"outputs"` // of the model, row-major
}

// run predicts and prints.
func (p *predicting) run(ctx context.Context, path string, inputs []string) (err error) {
	out, err := newOut(p.jsonPath)
	if err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	if _, err = classNames(p.classes); err != nil { // before the model is read
		return fmt.Errorf("--classes: %w", err)
	}
	m, err := loadModel(path, glia.WithoutCompile)
	if err != nil {
		return err
	}
	p.memory.bound(m.Model)
	if err := m.wantOneEach("predict"); err != nil {
		return err
	}
	if p.names, err = m.namesOr(p.classes); err != nil {
		return err
	}
	rec := predictRecord{Model: path}
	for _, input := range inputs {
		s, err := p.read(input, m)
		if err != nil {
			return err
		}
		if s.remark != "" && !p.quiet {
			fmt.Fprintf(p.stderr, "glia: %s: %s\n", input, s.remark)
		}
		w := bufio.NewWriter(p.stdout)
		err = p.predict(ctx, w, m, s, &rec)
		w.Flush() // main tells of its errors
		if err != nil {
			return fmt.Errorf("%s: %w", input, err)
		}
	}
	if err := out.write(rec); err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	return nil
}

// predict predicts the samples of one file.
func (p *predicting) predict(ctx context.Context, w io.Writer, m *trained, s *samples, rec *predictRecord) error {
	n := s.x.Shape().At(0)
	if p.limit > 0 {
		n = min(n, p.limit)
	}
	const size = 256
	for at := 0; at < n; at += size {
		if err := ctx.Err(); err != nil {
			return err
		}
		part, err := s.x.Slice(0, at, min(at+size, n), 1)
		if err != nil {
			return err
		}
		y, err := m.Predict(part)
		if err != nil {
			return err
		}
		shape, all := y.Shape().From(1), y.Float64s()
		for i := range y.Shape().At(0) {
			one := predictionRecord{Input: s.path, Outputs: numbers(all[i*shape.Size():][:shape.Size()])}
			if !s.alone {
				sample := at + i
				one.Sample = &sample
			}
			if err := p.classify(&one, shape, m.config.Loss); err != nil {
				return err
			}
			p.print(w, &one)
			if p.jsonPath != "" {
				rec.Predictions = append(rec.Predictions, one)
			}
		}
	}
	return nil
}

// print writes the prediction for one sample: a line, or for a sample alone in its file
// a line for each of the likeliest classes.
func (p *predicting) print(w io.Writer, r *predictionRecord) {
	head := r.Input
	if r.Sample != nil {
		head = fmt.Sprintf("%s[%d]", r.Input, *r.Sample)
	}
	if r.Probabilities == nil {
		var s strings.Builder
		for _, v := range r.Outputs {
			fmt.Fprintf(&s, " %.6g", float64(v))
		}
		fmt.Fprintf(w, "%s:%s\n", head, s.String())
		return
	}
	best := p.best(r.Probabilities)
	if r.Sample != nil {
		var s []string
		for _, k := range best {
			s = append(s, fmt.Sprintf("%s %.4f", printable(p.name(k)), float64(r.Probabilities[k])))
		}
		fmt.Fprintf(w, "%s: %s\n", head, strings.Join(s, ", "))
		return
	}
	fmt.Fprintf(w, "%s: %s\n", head, printable(r.Class))
	width := 0
	for _, k := range best {
		width = max(width, utf8.RuneCountInString(printable(p.name(k))))
	}
	for _, k := range best {
		v := float64(r.Probabilities[k])
		name := printable(p.name(k))
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(name))
		line := fmt.Sprintf("  %s%s  %.4f  %s", name, pad, v, bar(v))
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

// bar draws a part of 1.
func bar(v float64) string {
	if !(v > 0) {
		return ""
	}
	return strings.Repeat("█", int(math.Round(min(v, 1)*30)))
}

// best returns the likeliest classes, the first of equal ones first.
func (p *predicting) best(probabilities []number) []int {
	order := make([]int, len(probabilities))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch x, y := probabilities[a], probabilities[b]; {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return order[:min(p.top, len(order))]
}
