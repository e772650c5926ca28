package loss

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// DecodeOption is an option of [CTCDecode].
type DecodeOption struct{ set func(*decoding) }

// decoding holds the settings of CTCDecode.
type decoding struct {
	beam, paths int // 0: greedy
	given       bool
	repeats     bool
	blank       int
}

// BeamSearch follows the most probable prefixes, as many as width, and gives the best paths. Otherwise the most
// probable class of each time is taken.
func BeamSearch(width, paths int) DecodeOption {
	return DecodeOption{func(d *decoding) { d.beam, d.paths, d.given = width, paths, true }}
}

// KeepRepeated leaves equal classes that follow one another as they are, which are one label otherwise: Keras's
// merge_repeated=False. BeamSearch does not look at it.
var KeepRepeated = DecodeOption{func(d *decoding) { d.repeats = true }}

// Blank sets the class that stands for no label, which is 0 otherwise, as in [CTC]: Keras's mask_index.
func Blank(class int) DecodeOption { return DecodeOption{func(d *decoding) { d.blank = class }} }

// mostBeam bounds the prefixes that are followed.
const mostBeam = 1 << 16

// CTCDecode returns the labels that logits of a network trained with [CTC] spell, and their scores: without
// [BeamSearch] the negative sum of the greatest logits, with it the logarithms of the paths' probabilities.
//
// Shapes: logits floats [B T classes]; paths int32 [paths B T], -1 behind the labels; scores float32 [B paths]. A
// sequence has as many times as lengths say, or T if lengths is nil. Where there are fewer paths than were asked for,
// their scores are -Inf.
//
// Options: [BeamSearch], [KeepRepeated], [Blank].
//
// It returns an error if logits have another shape, or a length is not from 1 to T, or if a logit is NaN, or if an
// option is out of range.
//
// Source: keras.ops.ctc_decode; Hannun et al. 2014, arXiv:1408.2873.
func CTCDecode(logits *tensor.Tensor, lengths []int, opts ...DecodeOption) (paths, scores *tensor.Tensor, err error) {
	var d decoding
	for i, o := range opts {
		if o.set == nil {
			return nil, nil, fmt.Errorf("loss: CTCDecode: option %d is empty: want one that loss made", i)
		}
		o.set(&d)
	}
	if lengths, err = d.check(logits, lengths); err != nil {
		return nil, nil, fmt.Errorf("loss: CTCDecode: %w", err)
	}
	batch, times, classes := logits.Shape().At(0), logits.Shape().At(1), logits.Shape().At(2)
	n := max(d.paths, 1)
	paths, scores = tensor.New(tensor.Int32, n, batch, times), tensor.New(tensor.Float32, batch, n)
	p, s, x := tensor.Data[int32](paths), tensor.Data[float32](scores), logits.Float64s()
	for i := range p {
		p[i] = -1
	}
	for b, length := range lengths {
		rows := make([][]float64, length)
		for t := range rows {
			rows[t] = x[(b*times+t)*classes:][:classes]
			if slices.ContainsFunc(rows[t], math.IsNaN) {
				return nil, nil, fmt.Errorf("loss: CTCDecode: sequence %d, time %d: a logit is NaN: want numbers", b, t)
			}
		}
		if d.beam == 0 {
			labels, sum := d.greedy(rows)
			copy(p[b*times:], labels)
			s[b] = float32(-sum)
			continue
		}
		best := d.search(rows)
		for k := range n {
			s[b*n+k] = float32(math.Inf(-1))
			if k < len(best) {
				copy(p[(k*batch+b)*times:], best[k].labels)
				s[b*n+k] = float32(best[k].score())
			}
		}
	}
	return paths, scores, nil
}

// check returns the lengths of the sequences, or an error unless all settings make sense.
func (d *decoding) check(logits *tensor.Tensor, lengths []int) ([]int, error) {
	if logits == nil || logits.Shape().Rank() != 3 || !logits.DType().IsFloat() {
		return nil, errors.New("want logits of floats [batch times classes]")
	}
	batch, times, classes := logits.Shape().At(0), logits.Shape().At(1), logits.Shape().At(2)
	if lengths == nil {
		lengths = slices.Repeat([]int{times}, batch)
	}
	switch {
	case len(lengths) != batch:
		return nil, fmt.Errorf("%d lengths of logits %v: want one for each sequence", len(lengths), logits.Spec())
	case d.blank < 0 || d.blank >= classes:
		return nil, fmt.Errorf("Blank(%d) of %d classes: want one of them", d.blank, classes)
	case d.given && (d.beam < 1 || d.beam > mostBeam || d.paths < 1 || d.paths > d.beam):
		return nil, fmt.Errorf("BeamSearch(%d, %d): want a width from 1 to %d, and no more paths", d.beam, d.paths, mostBeam)
	}
	for i, n := range lengths {
		if n < 1 || n > times {
			return nil, fmt.Errorf("sequence %d has %d times: want 1 to %d", i, n, times)
		}
	}
	return lengths, nil
}

// greedy returns the labels of the most probable classes, and the sum of their logits.
func (d *decoding) greedy(rows [][]float64) (labels []int32, sum float64) {
	last := -1
	for _, row := range rows {
		best := 0
		for c, v := range row {
			if v > row[best] {
				best = c
			}
		}
		sum += row[best]
		if best != d.blank && (best != last || d.repeats) {
			labels = append(labels, int32(best))
		}
		last = best
	}
	return labels, sum
}

// prefix is labels with the logarithms of the probabilities of all alignments that end in a label, and in a blank.
type prefix struct {
	labels       []int32
	label, blank float64
}

func (p *prefix) score() float64 { return logAdd(p.label, p.blank) }

// logAdd returns ln(eᵃ + eᵇ).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(a, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}

// search returns the best prefixes of all times, the best one first.
func (d *decoding) search(rows [][]float64) []*prefix {
	beam := []*prefix{{label: math.Inf(-1)}} // the empty one, with probability 1
	for _, row := range rows {
		sum := math.Inf(-1)
		for _, v := range row {
			sum = logAdd(sum, v)
		}
		var next []*prefix
		at := map[string]*prefix{}
		key := []byte{}
		of := func(labels []int32, more int) *prefix {
			key = key[:0]
			for _, l := range labels {
				key = append(key, byte(l), byte(l>>8), byte(l>>16), byte(l>>24))
			}
			if more >= 0 {
				key = append(key, byte(more), byte(more>>8), byte(more>>16), byte(more>>24))
			}
			p := at[string(key)]
			if p == nil {
				p = &prefix{labels, math.Inf(-1), math.Inf(-1)}
				if more >= 0 {
					p.labels = append(slices.Clip(labels), int32(more))
				}
				at[string(key)], next = p, append(next, p)
			}
			return p
		}
		for _, p := range beam {
			for c, v := range row {
				v -= sum
				switch {
				case c == d.blank:
					to := of(p.labels, -1)
					to.blank = logAdd(to.blank, p.score()+v)
				case len(p.labels) > 0 && int(p.labels[len(p.labels)-1]) == c:
					same, more := of(p.labels, -1), of(p.labels, c)
					same.label = logAdd(same.label, p.label+v)
					more.label = logAdd(more.label, p.blank+v)
				default:
					to := of(p.labels, c)
					to.label = logAdd(to.label, p.score()+v)
				}
			}
		}
		slices.SortFunc(next, func(a, b *prefix) int { return cmp.Or(cmp.Compare(b.score(), a.score()), firstOf(a, b)) })
		beam = next[:min(d.beam, len(next))]
	}
	return slices.DeleteFunc(beam, func(p *prefix) bool { return math.IsInf(p.score(), -1) })
}

// firstOf orders prefixes of one score as Keras does: by the classes from the greatest number down, the longer first.
func firstOf(a, b *prefix) int {
	for i := range min(len(a.labels), len(b.labels)) {
		if c := cmp.Compare(a.labels[i], b.labels[i]); c != 0 {
			return c
		}
	}
	return len(b.labels) - len(a.labels)
}
