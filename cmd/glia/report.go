package main

import (
	"context"
	"fmt"
	"io"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/tensor"
)

// report holds the results of testing a model on images of digits.
type report struct {
	glia.Result
	digits *metric.Report
}

// reportOf tests a model. In test are the samples as the model takes them, with
// labels of any form; labels are the same as class numbers [n]. Warnings go to stderr.
func reportOf(ctx context.Context, stderr io.Writer, m *glia.Model, test *data.Memory, labels []int64) (*report, error) {
	r, err := m.Evaluate(test, glia.Context(ctx), glia.BatchSize(testBatch), warnTo(stderr))
	if err != nil {
		return nil, err
	}
	d, err := digitsOf(ctx, m, test, labels)
	if err != nil {
		return nil, err
	}
	return &report{r, d}, nil
}

// testBatch is how many samples are tested at once. The loss depends on it, in its
// last bits.
const testBatch = 1000

// print writes the metrics and the confusion matrix.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "Test:\n%v\n", r.Result)
	fmt.Fprintln(w, "Confusion matrix: a row for each digit, a column for what it was taken for")
	fmt.Fprint(w, r.digits)
}

// digitsOf predicts the classes of all samples.
func digitsOf(ctx context.Context, m *glia.Model, ds *data.Memory, labels []int64) (*metric.Report, error) {
	r, err := metric.NewReport(classes)
	if err != nil {
		return nil, err
	}
	var b data.Batch
	idx := make([]int, 0, testBatch)
	for at := 0; at < ds.Len(); at += testBatch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		idx = idx[:0]
		for i := at; i < min(at+testBatch, ds.Len()); i++ {
			if k := labels[i]; k < 0 || k >= classes {
				return nil, fmt.Errorf("image %d is of class %d: want 0 to %d", i, k, classes-1)
			}
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
		if p, err = p.Reshape(len(idx), classes); err != nil {
			return nil, err
		}
		y, err := tensor.FromSlice(labels[at:at+len(idx)], len(idx))
		if err == nil {
			err = r.Add(y, p)
		}
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}
