package data

import (
	"errors"
	"fmt"
	"math"

	"github.com/glia-ml/glia/tensor"
)

// SkipgramOption is an option of [Skipgrams].
type SkipgramOption struct{ set func(*skipgrams) }

// skipgrams holds the settings of Skipgrams.
type skipgrams struct {
	window    int
	negatives float64
	table     []float64
	inOrder   bool
	seed      uint64
}

// WindowSize sets how many words before and behind a word are paired with it, which is 4
// otherwise.
func WindowSize(words int) SkipgramOption {
	return SkipgramOption{func(s *skipgrams) { s.window = words }}
}

// NegativeSamples sets how many pairs with a random word there are for each pair of neighbors,
// which is 1 otherwise. 0 draws none.
func NegativeSamples(ratio float64) SkipgramOption {
	return SkipgramOption{func(s *skipgrams) { s.negatives = ratio }}
}

// SamplingTable keeps a word as the first of pairs with a probability, that of its number in the
// table: see [MakeSamplingTable]. All words are kept otherwise.
func SamplingTable(probabilities []float64) SkipgramOption {
	return SkipgramOption{func(s *skipgrams) { s.table = probabilities }}
}

// PairsInOrder leaves the pairs in the order of the sequence, those with random words behind
// them.
var PairsInOrder = SkipgramOption{func(s *skipgrams) { s.inOrder = true }}

// SkipgramSeed sets the seed of what is drawn, which is 0 otherwise.
func SkipgramSeed(seed uint64) SkipgramOption {
	return SkipgramOption{func(s *skipgrams) { s.seed = seed }}
}

// mostPairs bounds the pairs that Skipgrams returns.
const mostPairs = 1 << 30

// Skipgrams returns pairs of a sequence's words, numbers of 1 or more below vocabulary: each word
// with each of its neighbors, label 1, and with words that are drawn from the vocabulary, label 0,
// in random order. The number 0 stands for no word and is left out.
//
// Shapes: pairs int32 [n 2], labels int32 [n]. The same seed draws the same.
//
// Options: [WindowSize], [NegativeSamples], [SamplingTable], [PairsInOrder], [SkipgramSeed].
//
// It returns an error if the vocabulary has fewer than 2 numbers, if a word is not among them or
// not in the sampling table, or if an option is out of range.
//
// Source: Keras's legacy preprocessing.sequence.skipgrams; Mikolov et al. 2013, arXiv:1301.3781.
// The numbers drawn are glia's.
func Skipgrams(sequence []int, vocabulary int, opts ...SkipgramOption) (pairs, labels *tensor.Tensor, err error) {
	s := skipgrams{window: 4, negatives: 1}
	for i, o := range opts {
		if o.set == nil {
			return nil, nil, fmt.Errorf("data: Skipgrams: option %d is empty: want one that data made", i)
		}
		o.set(&s)
	}
	if err := s.check(sequence, vocabulary); err != nil {
		return nil, nil, fmt.Errorf("data: Skipgrams: %w", err)
	}
	r := NewRand(s.seed, 0, 0)
	var p, y []int32
	for i, word := range sequence {
		if word == 0 || s.table != nil && s.table[word] < r.Float64() {
			continue
		}
		for j := max(0, i-s.window); j < min(len(sequence), i+s.window+1); j++ {
			if j != i && sequence[j] != 0 {
				p, y = append(p, int32(word), int32(sequence[j])), append(y, 1)
			}
		}
	}
	positive := len(y)
	if float64(positive)*(1+s.negatives) > mostPairs {
		return nil, nil, fmt.Errorf("data: Skipgrams: %d pairs and %v times as many random ones: want no more than %d", positive, s.negatives, mostPairs)
	}
	order := Permutation(positive, s.seed, 1, nil) // words to draw others for
	for i := range int(float64(positive) * s.negatives) {
		p, y = append(p, p[2*order[i%positive]], int32(1+r.IntN(vocabulary-1))), append(y, 0)
	}
	if !s.inOrder {
		r.Shuffle(len(y), func(i, j int) {
			p[2*i], p[2*i+1], p[2*j], p[2*j+1] = p[2*j], p[2*j+1], p[2*i], p[2*i+1]
			y[i], y[j] = y[j], y[i]
		})
	}
	if pairs, err = tensor.FromSlice(p, len(y), 2); err != nil {
		return nil, nil, fmt.Errorf("data: Skipgrams: %w", err)
	}
	if labels, err = tensor.FromSlice(y, len(y)); err != nil {
		return nil, nil, fmt.Errorf("data: Skipgrams: %w", err)
	}
	return pairs, labels, nil
}

// check returns an error unless the settings and words make sense.
func (s *skipgrams) check(sequence []int, vocabulary int) error {
	switch {
	case vocabulary < 2 || vocabulary > math.MaxInt32:
		return fmt.Errorf("a vocabulary of %d: want 2 or more numbers, 0 being no word, in 32 bits", vocabulary)
	case s.window < 1 || s.window > math.MaxInt32:
		return fmt.Errorf("WindowSize(%d): want 1 or more, in 32 bits", s.window)
	case !(s.negatives >= 0) || math.IsInf(s.negatives, 0):
		return fmt.Errorf("NegativeSamples(%v): want 0 or more", s.negatives)
	case s.table != nil && len(s.table) == 0:
		return errors.New("SamplingTable of no words: want one of as many as there are")
	}
	for i, word := range sequence {
		if word < 0 || word >= vocabulary {
			return fmt.Errorf("word %d is number %d: want 0 or more and less than %d", i, word, vocabulary)
		}
		if s.table != nil && word >= len(s.table) {
			return fmt.Errorf("word %d is number %d, SamplingTable has %d: want one for each word", i, word, len(s.table))
		}
	}
	return nil
}

// MakeSamplingTable returns, for the words of a vocabulary by their rank, how likely
// [SamplingTable] keeps each: common words less than rare ones, as word2vec does where the words'
// frequencies follow Zipf's law. The factor, Keras's sampling_factor, is 1e-5 for 0.
//
//	p(rank) = min(1, √f),  f = factor · (rank·(ln(rank) + γ) + 1/2 - 1/(12·rank)),  γ = 0.577
//
// Rank 0, no word, has the probability of rank 1. It returns an error if size is less than 1 or the
// factor negative or not finite.
//
// Source: Keras's legacy preprocessing.sequence.make_sampling_table.
func MakeSamplingTable(size int, factor float64) ([]float64, error) {
	if factor == 0 {
		factor = 1e-5
	}
	switch {
	case size < 1 || size > math.MaxInt32:
		return nil, fmt.Errorf("data: MakeSamplingTable: %d words: want 1 or more, in 32 bits", size)
	case !(factor > 0) || math.IsInf(factor, 0):
		return nil, fmt.Errorf("data: MakeSamplingTable: factor %v: want a number above 0", factor)
	}
	table := make([]float64, size)
	for i := range table {
		rank := float64(max(i, 1))
		f := factor * (float64(rank*(math.Log(rank)+0.577)) + 0.5 - 1/(12*rank))
		table[i] = min(1, f/math.Sqrt(f))
	}
	return table, nil
}
