package glia

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// checkData returns the number of samples of a dataset, and an error unless it has some,
// and targets. Callers ask for it once: the next time it might be another.
func checkData(ds data.Dataset) (n int, err error) {
	if ds == nil {
		return 0, errors.New("the dataset is nil")
	}
	if v := reflect.ValueOf(ds); v.Kind() == reflect.Pointer && v.IsNil() {
		return 0, fmt.Errorf("the dataset is a nil %T", ds)
	}
	switch n = ds.Len(); {
	case n < 0:
		return 0, fmt.Errorf("the dataset has %d samples: want one or more", n)
	case n == 0:
		return 0, errors.New("the dataset is empty: want one sample or more")
	}
	return n, checkSpecs(ds)
}

// checkSpecs returns an error unless a dataset has inputs and targets.
func checkSpecs(ds data.Dataset) error {
	x, y := ds.Specs()
	if len(x) == 0 {
		return errors.New("the dataset has no inputs")
	}
	if len(y) == 0 {
		return errors.New("the dataset has no targets")
	}
	for _, s := range append(slices.Clone(x), y...) {
		if s.DType == tensor.Invalid {
			return errors.New("a sample or its targets have no dtype")
		}
		if s.Rank() >= tensor.MaxRank {
			return fmt.Errorf("a sample is %v, its targets %v: want less than %d axes", listed(x), listed(y), tensor.MaxRank)
		}
	}
	return nil
}

// listed returns the one spec of a list, or the list.
func listed(s []tensor.Spec) any {
	if len(s) == 1 {
		return s[0]
	}
	return s
}

// specs are those of one sample, as a dataset tells them.
type specs struct{ x, y []tensor.Spec }

// readBatch fills b with the samples idx, and checks them.
func readBatch(ds data.Dataset, told specs, idx []int, b *data.Batch) error {
	return checkRead(ds.Read(idx, b), told, idx, b)
}

// checkRead returns the error of reading the samples idx, or that of another number of them,
// or of others than the dataset tells.
func checkRead(err error, told specs, idx []int, b *data.Batch) error {
	if err != nil {
		return err
	}
	err = checkBatch(b, len(idx))
	if err == nil {
		err = wantTold("x", told.x, b.X)
	}
	if err == nil {
		err = wantTold("y", told.y, b.Y)
	}
	if err != nil {
		return fmt.Errorf("the dataset gave %w", err)
	}
	return nil
}

// wantTold returns an error unless the tensors of a batch are what a dataset tells of one
// sample.
func wantTold(what string, told []tensor.Spec, got []*tensor.Tensor) error {
	fits := len(got) == len(told)
	for i, t := range got {
		fits = fits && t.DType() == told[i].DType && t.Shape().Rank() == told[i].Rank()+1
		for axis := 0; fits && axis < told[i].Rank(); axis++ {
			d := told[i].Shape.At(axis)
			fits = d == nn.Any || d == t.Shape().At(axis+1)
		}
	}
	if !fits {
		return fmt.Errorf("%s %v for samples that are %v by its Specs: want the same", what, listed(specsOf(got)), listed(told))
	}
	return nil
}

// checkBatch returns an error unless a batch holds n samples.
func checkBatch(b *data.Batch, n int) error {
	if len(b.X) == 0 || len(b.Y) == 0 || slices.Contains(b.X, nil) || slices.Contains(b.Y, nil) {
		return errors.New("a batch without x or y")
	}
	for _, list := range [...][]*tensor.Tensor{b.X, b.Y} {
		for _, t := range list {
			if t.Shape().Rank() == 0 || t.Shape().At(0) != n {
				return fmt.Errorf("x %v with y %v for %d samples: want first axes of that length", listed(specsOf(b.X)), listed(specsOf(b.Y)), n)
			}
			if !t.Contiguous() {
				return fmt.Errorf("%v as a view with gaps: want a contiguous tensor; Clone makes one", t.Spec())
			}
		}
	}
	if w := len(b.Weight); w > 1 && w != len(b.Y) {
		return fmt.Errorf("%d tensors of weights for %d targets: want none, one, or one for each", w, len(b.Y))
	}
	for i, y := range b.Y {
		if len(b.Weight) == 0 {
			break
		}
		w := b.Weight[min(i, len(b.Weight)-1)]
		if w == nil || w.Spec() == tensor.S(tensor.Float32, n) && w.Contiguous() {
			continue
		}
		if rank := w.Shape().Rank(); w.DType() != tensor.Float32 || !w.Contiguous() || rank == 0 || rank > y.Shape().Rank() || w.Shape() != y.Shape().To(rank) {
			return fmt.Errorf("weights %v for %d samples with targets %v: want a contiguous float32[%d], or more of the targets' first axes", w.Spec(), n, y.Spec(), n)
		}
	}
	return nil
}

// batches keeps a batch for every length that occurs in a group: all but the last have
// one length, so no tensor is made twice.
type batches map[struct{ n, group int }]*data.Batch

// of returns the batch for n samples of a group.
func (b *batches) of(n, group int) *data.Batch {
	if *b == nil {
		*b = batches{}
	}
	key := struct{ n, group int }{n, group}
	if (*b)[key] == nil {
		(*b)[key] = &data.Batch{}
	}
	return (*b)[key]
}

// specsOf returns the specs of tensors.
func specsOf(tensors []*tensor.Tensor) []tensor.Spec {
	specs := make([]tensor.Spec, len(tensors))
	for i, t := range tensors {
		specs[i] = t.Spec()
	}
	return specs
}

// sampleOf returns the specs of one sample of a batch.
func sampleOf(batch []*tensor.Tensor) []tensor.Spec {
	specs := specsOf(batch)
	for i := range specs {
		specs[i].Shape = specs[i].Shape.From(1)
	}
	return specs
}

// batchSpecs returns the specs of a batch of n samples.
func batchSpecs(n int, of []tensor.Spec) []tensor.Spec {
	batch := make([]tensor.Spec, len(of))
	for i, s := range of {
		s.Shape = tensor.D(n).Append(s.Shape.Slice()...)
		batch[i] = s
	}
	return batch
}

// blank returns tensors of zeros of these specs.
func blank(specs []tensor.Spec) []*tensor.Tensor {
	t := make([]*tensor.Tensor, len(specs))
	for i, s := range specs {
		t[i] = tensor.NewSpec(s)
	}
	return t
}

// inOrder returns the numbers 0 to n-1.
func inOrder(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}
