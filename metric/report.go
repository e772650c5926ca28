package metric

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/glia-ml/glia/tensor"
)

// Report counts which classes samples were predicted to be of, and computes from that how
// well each class is told from the others. It is computed on the host, of a model's
// predictions or of the counts of [ConfusionMatrix].
type Report struct {
	names  []string
	counts []float64 // [class][predicted]
}

// Scores holds how well one class is told from the others. A number is NaN where it has
// no samples: the precision of a class that is never predicted, the recall of one without
// samples.
type Scores struct {
	// Precision is the share of the samples predicted to be of the class that are.
	Precision float64
	// Recall is the share of the samples of the class that were predicted to be.
	Recall float64
	// F1 is the harmonic mean of both.
	F1 float64
	// Samples is how many samples are of the class.
	Samples float64
}

// NewReport returns an empty report of classes, 1 to 4096, whose numbers or else names are
// shown: no name, or one for each. Another count is an error.
func NewReport(classes int, names ...string) (*Report, error) {
	if classes < 1 || classes > maxClasses {
		return nil, fmt.Errorf("metric: NewReport: %d classes: want 1 to %d", classes, maxClasses)
	}
	if len(names) != 0 && len(names) != classes {
		return nil, fmt.Errorf("metric: NewReport: %d names of %d classes: want one each, or none", len(names), classes)
	}
	r := &Report{counts: make([]float64, classes*classes)}
	for k := range classes {
		name := fmt.Sprint(k)
		if len(names) > 0 {
			name = names[k]
		}
		r.names = append(r.names, name)
	}
	return r, nil
}

// Add counts samples. The class with the greatest prediction is the predicted one, the
// first of equal ones. It returns an error, and does not change the report, if shapes or
// dtypes do not fit.
//
// Shapes: labels are class numbers [B] or [B 1] of an integer dtype, or rows [B C] of which
// the greatest counts; predictions are rows [B C] of floats, or with two classes the
// probabilities [B] or [B 1] of the second, which is predicted above 0.5.
func (r *Report) Add(labels, predictions *tensor.Tensor) error {
	got, err := r.predicted(predictions)
	if err != nil {
		return fmt.Errorf("metric: Report.Add: %w", err)
	}
	want, err := r.labeled(labels, len(got))
	if err != nil {
		return fmt.Errorf("metric: Report.Add: %w", err)
	}
	for i, k := range want {
		r.counts[k*len(r.names)+got[i]]++
	}
	return nil
}

// predicted returns the class that is predicted for each sample.
func (r *Report) predicted(p *tensor.Tensor) ([]int, error) {
	n := len(r.names)
	switch {
	case p == nil:
		return nil, fmt.Errorf("predictions are nil")
	case p.DType().IsFloat() && n == 2 && oneEach(p.Shape()):
		classes := make([]int, p.Len())
		for i, v := range p.Float64s() {
			if v > 0.5 {
				classes[i] = 1
			}
		}
		return classes, nil
	case p.DType().IsFloat() && p.Shape().Rank() == 2 && p.Shape().At(1) == n:
		return greatest(p), nil
	}
	return nil, fmt.Errorf("predictions are %v: want floats [B %d]", p.Spec(), n)
}

// labeled returns the classes of the labels of so many samples.
func (r *Report) labeled(y *tensor.Tensor, samples int) ([]int, error) {
	n := len(r.names)
	switch {
	case y == nil:
		return nil, fmt.Errorf("labels are nil")
	case y.Shape().Rank() == 0 || y.Shape().At(0) != samples:
	case y.Shape().Rank() == 2 && y.Shape().At(1) == n && n > 1:
		return greatest(y), nil
	case oneEach(y.Shape()) && !y.DType().IsFloat():
		classes := make([]int, samples)
		for i, k := range y.Int64s() {
			if k < 0 || k >= int64(n) {
				return nil, fmt.Errorf("sample %d: label %d: want 0 or more and less than %d", i, k, n)
			}
			classes[i] = int(k)
		}
		return classes, nil
	}
	return nil, fmt.Errorf("labels are %v for %d predictions: want class numbers [B] or rows [B %d]", y.Spec(), samples, n)
}

// oneEach reports whether a shape is [B] or [B 1].
func oneEach(s tensor.Dims) bool { return s.Rank() == 1 || s.Rank() == 2 && s.At(1) == 1 }

// greatest returns the place of the greatest number of each row, the first of equal ones.
func greatest(x *tensor.Tensor) []int {
	n := x.Shape().At(1)
	all, v := make([]int, x.Shape().At(0)), x.Float64s()
	for i := range all {
		row := v[i*n:][:n]
		for j, w := range row {
			if w > row[all[i]] {
				all[i] = j
			}
		}
	}
	return all
}

// AddMatrix adds the counts of [ConfusionMatrix], weights included.
//
// Shapes: counts [classes classes], labels down, predictions across. Another shape, or a
// number below 0 or not finite, is an error.
func (r *Report) AddMatrix(counts *tensor.Tensor) error {
	n := len(r.names)
	if counts == nil || counts.Shape() != tensor.D(n, n) {
		return fmt.Errorf("metric: Report.AddMatrix: got %v: want counts [%d %d]", specOf(counts), n, n)
	}
	v := counts.Float64s()
	for i, x := range v {
		if !(x >= 0) || math.IsInf(x, 1) {
			return fmt.Errorf("metric: Report.AddMatrix: class %d predicted as %d: count %v: want a finite number, 0 or more", i/n, i%n, x)
		}
	}
	for i, x := range v {
		r.counts[i] += x
	}
	return nil
}

// specOf returns the spec of a tensor for an error.
func specOf(t *tensor.Tensor) any {
	if t == nil {
		return "nil"
	}
	return t.Spec()
}

// Classes returns how many classes there are.
func (r *Report) Classes() int { return len(r.names) }

// Count returns how many samples of a class were predicted to be of another, or of the
// same. It panics if there is no such class.
func (r *Report) Count(class, predicted int) float64 {
	return r.counts[class*len(r.names) : (class+1)*len(r.names)][predicted]
}

// Accuracy returns the share of samples whose class was predicted, NaN without samples.
func (r *Report) Accuracy() float64 {
	var right, all float64
	for i, v := range r.counts {
		all += v
		if i%(len(r.names)+1) == 0 { // on the diagonal
			right += v
		}
	}
	return right / all
}

// Class returns the scores of a class. It panics if there is no such class.
func (r *Report) Class(k int) Scores {
	var predicted, actual float64
	for i := range r.names {
		predicted += r.Count(i, k)
		actual += r.Count(k, i)
	}
	hit := r.Count(k, k)
	return Scores{
		Precision: hit / predicted,
		Recall:    hit / actual,
		F1:        2 * hit / (predicted + actual),
		Samples:   actual,
	}
}

// Mean returns the unweighted mean of the scores of all classes, each over those that have
// one, and the number of all samples.
func (r *Report) Mean() Scores {
	var sum, n [3]float64
	total := 0.0
	for k := range r.names {
		s := r.Class(k)
		total += s.Samples
		for i, v := range []float64{s.Precision, s.Recall, s.F1} {
			if !math.IsNaN(v) {
				sum[i], n[i] = sum[i]+v, n[i]+1
			}
		}
	}
	return Scores{sum[0] / n[0], sum[1] / n[1], sum[2] / n[2], total}
}

// String returns the confusion matrix, a row for each class and a column for each
// predicted class, and a table of the scores.
func (r *Report) String() string {
	var b strings.Builder
	r.matrix(&b)
	b.WriteByte('\n')
	r.table(&b)
	return b.String()
}

// Table returns the table of the scores alone, for classes too many for a matrix.
func (r *Report) Table() string {
	var b strings.Builder
	r.table(&b)
	return b.String()
}

// longest returns the length of the longest name, in characters.
func (r *Report) longest() (n int) {
	for _, name := range r.names {
		n = max(n, utf8.RuneCountInString(name))
	}
	return n
}

func (r *Report) matrix(b *strings.Builder) {
	names := max(2, r.longest())
	width := r.longest()
	for _, v := range r.counts {
		width = max(width, len(countText(v))+1)
	}
	indent := strings.Repeat(" ", names+2)
	b.WriteString(indent)
	for _, name := range r.names {
		fmt.Fprintf(b, " %*s", width, name)
	}
	fmt.Fprintf(b, "\n%s%s\n", indent, strings.Repeat("─", len(r.names)*(width+1)))
	for k, name := range r.names {
		fmt.Fprintf(b, "%*s │", names, name)
		for i := range r.names {
			fmt.Fprintf(b, " %*s", width, countText(r.Count(k, i)))
		}
		b.WriteByte('\n')
	}
}

func (r *Report) table(b *strings.Builder) {
	names := max(5, r.longest())
	fmt.Fprintf(b, "%-*s  Precision  Recall      F1  Samples\n", names, "Class")
	line := func(name string, s Scores) {
		fmt.Fprintf(b, "%-*s  %9s  %6s  %6s  %7s\n", names, name, shareText(s.Precision), shareText(s.Recall), shareText(s.F1), countText(s.Samples))
	}
	for k, name := range r.names {
		line(name, r.Class(k))
	}
	line("mean", r.Mean())
}

// countText formats a count, which is no whole number if samples have weights.
func countText(v float64) string {
	if v == math.Trunc(v) {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// shareText formats a part of 1; a dash stands for NaN.
func shareText(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.4f", v)
}
