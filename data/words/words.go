// Package words holds data sets of texts whose words are numbers, as Keras has them: imdb and reuters.
package words

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/internal/mt19937"
	"github.com/glia-ml/glia/tensor"
)

// Set is texts as the numbers of their words, and a label for each.
type Set struct {
	X [][]int32
	Y []int64
}

// Padded returns the texts in one tensor of int32 [texts steps], see [data.PadSequences], with their labels.
func (s *Set) Padded(steps int, opts ...data.PadOption) (*data.Memory, error) {
	x, err := data.PadSequences(s.X, append([]data.PadOption{data.PadTo(steps)}, opts...)...)
	if err != nil {
		return nil, err
	}
	return data.New(x, tensor.Of(s.Y...))
}

// Batches returns the texts in batches of similar length, see [data.PaddedBatches], with their labels.
func (s *Set) Batches(boundaries ...int) (*data.Sequences, error) {
	x := make([]*tensor.Tensor, len(s.X))
	for i, text := range s.X {
		x[i] = tensor.Of(text...)
	}
	return data.PaddedBatches(x, tensor.Of(s.Y...), boundaries...)
}

// Option is an option of the loaders of data sets.
type Option struct{ set func(*settings) }

// settings are the arguments of Keras's load_data.
type settings struct {
	num, skip, length, from, start, oov int
	noStart, dropOOV                    bool
	seed                                uint32
	test                                float64
}

// NumWords keeps the numbers below n, those of the most frequent words: others become that of [OOVChar]. Without it
// the greatest number alone does.
func NumWords(n int) Option { return Option{func(s *settings) { s.num = n }} }

// SkipTop has numbers below n, those of the most frequent words, become that of [OOVChar].
func SkipTop(n int) Option { return Option{func(s *settings) { s.skip = n }} }

// MaxLength leaves out texts of n words and more, with the one at their start: as Keras's maxlen does, although its page
// says that it truncates them.
func MaxLength(n int) Option { return Option{func(s *settings) { s.length = n }} }

// Seed sets the seed of the order of the texts, which is 113 otherwise.
func Seed(seed uint32) Option { return Option{func(s *settings) { s.seed = seed }} }

// StartChar sets the number at the start of each text, which is 1 otherwise.
func StartChar(n int) Option { return Option{func(s *settings) { s.start, s.noStart = n, false }} }

// NoStartChar has texts begin with their first word.
var NoStartChar = Option{func(s *settings) { s.noStart = true }}

// OOVChar sets the number of words that are not kept, which is 2 otherwise.
func OOVChar(n int) Option { return Option{func(s *settings) { s.oov, s.dropOOV = n, false }} }

// DropOOV leaves out words that are not kept.
var DropOOV = Option{func(s *settings) { s.dropOOV = true }}

// IndexFrom adds n to the numbers of words, which is 3 otherwise.
func IndexFrom(n int) Option { return Option{func(s *settings) { s.from = n }} }

// TestSplit sets the fraction of the texts to test with, of a set that is not split, which is 0.2 otherwise.
func TestSplit(fraction float64) Option { return Option{func(s *settings) { s.test = fraction }} }

// Load returns the sets for training and testing in a .npz of x_train, y_train, x_test and y_test, or of x and y, which
// it splits. Lists of Python's are read by a strict reader of such lists alone: nothing in the file is executed.
//
// It returns an error if the file is not such a file, if an option is out of range, or if no text is left.
//
// Source: keras.datasets.imdb.load_data, keras.datasets.reuters.load_data.
func Load(path string, opts ...Option) (train, test *Set, err error) {
	s := settings{start: 1, oov: 2, from: 3, seed: 113, test: 0.2}
	for i, o := range opts {
		if o.set == nil {
			return nil, nil, fmt.Errorf("words: option %d is empty: want one that words made", i)
		}
		o.set(&s)
	}
	if err := s.check(); err != nil {
		return nil, nil, fmt.Errorf("words: %w", err)
	}
	parts, err := readFile(path)
	if err == nil {
		train, test, err = s.take(parts)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("words: %s: %w", path, err)
	}
	return train, test, nil
}

func (s *settings) check() error {
	for _, n := range []struct {
		name string
		n    int
	}{{"NumWords", s.num}, {"SkipTop", s.skip}, {"MaxLength", s.length}, {"StartChar", s.start}, {"OOVChar", s.oov}, {"IndexFrom", s.from}} {
		if n.n < 0 || n.n > math.MaxInt32/2 {
			return fmt.Errorf("%s(%d): want 0 or more, in 30 bits", n.name, n.n)
		}
	}
	if !(s.test > 0 && s.test < 1) {
		return fmt.Errorf("TestSplit(%v): want more than 0 and less than 1", s.test)
	}
	return nil
}

// take returns the sets of a file's parts.
func (s *settings) take(parts []*Set) (train, test *Set, err error) {
	r := mt19937.New(s.seed)
	all := &Set{}
	var first int
	for i, p := range parts {
		r.Shuffle(len(p.X), func(i, j int) {
			p.X[i], p.X[j] = p.X[j], p.X[i]
			p.Y[i], p.Y[j] = p.Y[j], p.Y[i]
		})
		for k, x := range p.X {
			if x = s.numbered(x); s.length > 0 && len(x) >= s.length {
				continue
			}
			all.X, all.Y = append(all.X, x), append(all.Y, p.Y[k])
		}
		if i == 0 {
			first = len(all.X)
		}
	}
	if len(parts) == 1 {
		first = int(float64(len(all.X)) * (1 - s.test))
	}
	if first == 0 || first == len(all.X) {
		return nil, nil, fmt.Errorf("%d texts for training and %d for testing: want some of each, or a greater MaxLength", first, len(all.X)-first)
	}
	most := s.num
	if most == 0 {
		for _, x := range all.X {
			for _, w := range x {
				most = max(most, int(w))
			}
		}
	}
	for i, x := range all.X {
		kept := x[:0]
		for _, w := range x {
			switch {
			case int(w) >= s.skip && int(w) < most:
				kept = append(kept, w)
			case !s.dropOOV:
				kept = append(kept, int32(s.oov))
			}
		}
		all.X[i] = kept
	}
	return &Set{all.X[:first:first], all.Y[:first:first]}, &Set{all.X[first:], all.Y[first:]}, nil
}

// numbered returns the numbers of a text's words as the set has them.
func (s *settings) numbered(x []int32) []int32 {
	out := make([]int32, 0, len(x)+1)
	if !s.noStart {
		out = append(out, int32(s.start))
	}
	for _, w := range x {
		out = append(out, w+int32(s.from))
	}
	return out
}

// mostIndex bounds the bytes of an index of words.
const mostIndex = 1 << 26

// LoadIndex returns the numbers of words in a JSON file of an object, without what [IndexFrom] adds.
func LoadIndex(path string) (map[string]int, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostIndex+1))
	if err == nil && len(b) > mostIndex {
		err = fmt.Errorf("more than %d bytes: want an index of words", mostIndex)
	}
	var index map[string]int
	if err == nil {
		err = json.Unmarshal(b, &index)
	}
	if err == nil && len(index) == 0 {
		err = errors.New("no words: want an object of numbers by words")
	}
	if err != nil {
		return nil, fmt.Errorf("words: %s: %w", path, err)
	}
	return index, nil
}
