package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
)

// report is what a test of a model on images of digits found.
type report struct {
	glia.Result
	confusion confusion
}

// reportOf tests a model. In test are the samples as the model takes them, with
// labels of any form; labels are the same as class numbers [n].
func reportOf(ctx context.Context, m *glia.Model, test *data.Memory, labels []int64) (*report, error) {
	r, err := m.Evaluate(test, glia.Context(ctx), glia.BatchSize(testBatch))
	if err != nil {
		return nil, err
	}
	c, err := confusionOf(ctx, m, test, labels)
	if err != nil {
		return nil, err
	}
	return &report{r, c}, nil
}

// testBatch is how many samples are tested at once. The loss depends on it, in its
// last bits.
const testBatch = 1000

// print writes what the metrics are, and what was taken for what.
func (r *report) print(w io.Writer) {
	fmt.Fprint(w, "Test: ")
	for _, m := range r.Metrics {
		fmt.Fprintf(w, "%s %.4f, ", m.Name, m.Value)
	}
	fmt.Fprintf(w, "loss %.4f\n\n", r.Loss)
	r.confusion.print(w)
}

// confusion counts the samples of a class, by row, that were taken for another,
// by column.
type confusion [][]int

// confusionOf predicts the classes of all samples.
func confusionOf(ctx context.Context, m *glia.Model, ds *data.Memory, labels []int64) (confusion, error) {
	c := make(confusion, classes)
	for i := range c {
		c[i] = make([]int, classes)
	}
	var b data.Batch
	idx := make([]int, 0, testBatch)
	for at := 0; at < ds.Len(); at += testBatch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		idx = idx[:0]
		for i := at; i < min(at+testBatch, ds.Len()); i++ {
			idx = append(idx, i)
		}
		if err := ds.Read(idx, &b); err != nil {
			return nil, err
		}
		p, err := m.Predict(b.X[0])
		if err != nil {
			return nil, err
		}
		if p.Len() != len(idx)*classes {
			return nil, fmt.Errorf("the model gives %v for %d images: want %d numbers each", p.Spec(), len(idx), classes)
		}
		got := p.Float64s()
		for i, n := range idx {
			k := labels[n]
			if k < 0 || k >= classes {
				return nil, fmt.Errorf("image %d is of class %d: want 0 to %d", n, k, classes-1)
			}
			c[k][argmax(got[i*classes:][:classes])]++
		}
	}
	return c, nil
}

func argmax(v []float64) int {
	best := 0
	for i, x := range v {
		if x > v[best] {
			best = i
		}
	}
	return best
}

// scores is how well one class is told from the others: NaN where nothing was
// there to be judged.
type scores struct {
	precision, recall, f1 float64
	support               int // samples of the class
}

// class returns the scores of class k.
func (c confusion) class(k int) scores {
	var predicted, actual int
	for i := range c {
		predicted += c[i][k]
		actual += c[k][i]
	}
	hit := float64(c[k][k])
	return scores{
		precision: hit / float64(predicted),
		recall:    hit / float64(actual),
		f1:        2 * hit / float64(predicted+actual),
		support:   actual,
	}
}

// mean returns the unweighted mean of the scores of all classes that have any.
func (c confusion) mean() scores {
	var sum, n [3]float64
	total := 0
	for k := range c {
		s := c.class(k)
		total += s.support
		for i, v := range []float64{s.precision, s.recall, s.f1} {
			if !math.IsNaN(v) {
				sum[i], n[i] = sum[i]+v, n[i]+1
			}
		}
	}
	return scores{sum[0] / n[0], sum[1] / n[1], sum[2] / n[2], total}
}

// print writes the matrix and the scores of every class.
func (c confusion) print(w io.Writer) {
	most := 0
	for _, row := range c {
		for _, n := range row {
			most = max(most, n)
		}
	}
	width := len(fmt.Sprint(most)) + 1
	fmt.Fprintln(w, "Confusion matrix: a row for each digit, a column for what it was taken for")
	fmt.Fprint(w, "    ")
	for k := range c {
		fmt.Fprintf(w, " %*d", width, k)
	}
	fmt.Fprintf(w, "\n    %s\n", strings.Repeat("─", len(c)*(width+1)))
	for k, row := range c {
		fmt.Fprintf(w, "%2d │", k)
		for _, n := range row {
			fmt.Fprintf(w, " %*d", width, n)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "\nClass  Precision  Recall      F1  Samples\n")
	line := func(name string, s scores) {
		fmt.Fprintf(w, "%-5s  %9s  %6s  %6s  %7d\n", name, share(s.precision), share(s.recall), share(s.f1), s.support)
	}
	for k := range c {
		line(fmt.Sprint(k), c.class(k))
	}
	line("mean", c.mean())
}

// share formats a part of 1; a dash stands for NaN.
func share(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.4f", v)
}
