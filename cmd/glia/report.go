package main

import (
	"context"
	"fmt"
	"io"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/internal/plaintext"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/tensor"
)

// tested is samples that a model is tested with, as it takes them, with labels of any form.
type tested struct {
	set     data.Dataset
	name    string // of the data
	thing   string // that a sample is
	head    string // of the figures
	classes int
	names   []string // of the classes; nil for digits
	batch   int      // how many samples are tested at once: the loss depends on it, in its last bits
}

// testBatch is how many digits are tested at once.
const testBatch = 1000

// testDigits returns images of digits as samples to test with.
func testDigits(name string, set data.Dataset) *tested {
	return &tested{set: set, name: name, thing: "image", head: "Test", classes: classes, batch: testBatch}
}

// testPictures returns pictures as samples to test with.
func testPictures(head, name string, set data.Dataset, names []string) *tested {
	const batch = 64
	return &tested{set: set, name: name, thing: "picture", head: head, classes: len(names), names: names, batch: batch}
}

// size counts the samples.
func (t *tested) size() string { return fmt.Sprintf("%d %ss", t.set.Len(), t.thing) }

// report holds the results of testing a model.
type report struct {
	glia.Result
	of      *tested
	classes *metric.Report // nil of more classes than mostReported
}

// mostReported is how many classes a metric.Report has at most.
const mostReported = 4096

// evaluate returns the loss and the metrics of a model. Warnings go to stderr.
func (t *tested) evaluate(ctx context.Context, stderr io.Writer, m *glia.Model) (glia.Result, error) {
	return m.Evaluate(t.set, glia.Context(ctx), glia.BatchSize(t.batch), warnTo(stderr))
}

// report tests a model whose outputs are those of a loss, nil for probabilities.
func (t *tested) report(ctx context.Context, stderr io.Writer, m *glia.Model, of loss.Loss) (*report, error) {
	r, err := t.evaluate(ctx, stderr, m)
	if err != nil || t.classes > mostReported {
		return &report{Result: r, of: t}, err
	}
	c, err := t.predict(ctx, m, of)
	if err != nil {
		return nil, err
	}
	return &report{r, t, c}, nil
}

// mostShown is how many classes a confusion matrix is printed of.
const mostShown = 40

// print writes the metrics, the confusion matrix unless it is too large, and the scores of
// the classes.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%s:\n%v\n", r.of.head, r.Result)
	what := "digit"
	if r.of.names != nil {
		what = "class"
	}
	if r.classes == nil {
		return
	}
	if r.of.classes > mostShown {
		fmt.Fprint(w, r.classes.Table())
		return
	}
	fmt.Fprintf(w, "Confusion matrix: a row for each %s, a column for what it was taken for\n", what)
	fmt.Fprint(w, r.classes)
}

// predict predicts the classes of all samples.
func (t *tested) predict(ctx context.Context, m *glia.Model, of loss.Loss) (*metric.Report, error) {
	r, err := metric.NewReport(t.classes, shortNames(t.names)...)
	if err != nil {
		return nil, err
	}
	var b data.Batch
	idx := make([]int, 0, t.batch)
	for at := 0; at < t.set.Len(); at += t.batch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		idx = idx[:0]
		for i := at; i < min(at+t.batch, t.set.Len()); i++ {
			idx = append(idx, i)
		}
		if err := t.set.Read(idx, &b); err != nil {
			return nil, err
		}
		y, err := t.labels(b.Y[0], at)
		if err != nil {
			return nil, err
		}
		p, err := m.Predict(b.X[0])
		if err != nil {
			return nil, err
		}
		if p, err = t.scores(p, len(idx), of); err != nil {
			return nil, err
		}
		if err := r.Add(y, p); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// labels returns labels of any form as class numbers, or as rows of which the greatest counts.
// The first is that of sample at.
func (t *tested) labels(y *tensor.Tensor, at int) (*tensor.Tensor, error) {
	if y.DType().IsFloat() && y.Len() > y.Shape().At(0) {
		return y, nil
	}
	y = y.AsType(tensor.Int64)
	for i, k := range y.Int64s() {
		if k < 0 || int(k) >= t.classes {
			return nil, fmt.Errorf("image %d is of class %d: want 0 to %d", at+i, k, t.classes-1)
		}
	}
	return y, nil
}

// scores returns the predictions for n samples as rows of a number for each class, or as the
// probabilities of the second of two.
func (t *tested) scores(p *tensor.Tensor, n int, of loss.Loss) (*tensor.Tensor, error) {
	switch {
	case p.Len() == n*t.classes:
		return p.Reshape(n, t.classes)
	case p.Len() != n || t.classes != 2:
		return nil, fmt.Errorf("the model gives %v for %d images: want %d numbers each", p.Spec(), n, t.classes)
	}
	second := make([]float32, n)
	for i, v := range p.Float64s() {
		if two := loss.Probabilities(of, []float64{v}); two != nil {
			v = two[1]
		}
		second[i] = float32(v)
	}
	return tensor.FromSlice(second, n)
}

// shortNames returns names for the columns of a table.
func shortNames(names []string) []string {
	var short []string
	for _, name := range names {
		short = append(short, plaintext.Cut(plaintext.Text(name), 20))
	}
	return short
}
