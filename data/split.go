package data

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
)

// SplitOption is an option of [Memory.Split].
type SplitOption struct{ set func(*split) }

// split holds the settings of a Split.
type split struct {
	shuffle, stratify, inOrder bool
	seed                       uint64
	warn                       func(warning string)
}

// Shuffle puts the samples in the order of [Permutation] with this seed, and epoch 0, before
// they are split.
func Shuffle(seed uint64) SplitOption {
	return SplitOption{func(s *split) { s.shuffle, s.seed = true, seed }}
}

// Stratified is [Shuffle] that gives each class its share of the validation: of v samples for
// validation among n, a class of k samples gets floor(k·v/n), and one more of the v that are
// left over go to the classes with the largest remainders, the least class first among equals.
//
// Labels are class numbers [n] or [n 1], of integers or of floats that are whole, or rows
// [n classes], of which the greatest is the class. Other labels, several targets, and a class
// of one sample are an error.
func Stratified(seed uint64) SplitOption {
	return SplitOption{func(s *split) { s.stratify, s.seed = true, seed }}
}

// InOrder says that the last samples are meant to be the validation, so that there is no
// warning if the data is ordered by class.
var InOrder = SplitOption{func(s *split) { s.inOrder = true }}

// Warn sends the warning of [Memory.Split] to f, and not to slog.Default(); nil sends it
// nowhere.
func Warn(f func(warning string)) SplitOption {
	return SplitOption{func(s *split) {
		if s.warn = f; f == nil {
			s.warn = func(string) {}
		}
	}}
}

// Split returns the first samples for training and the last for validation, as
// Keras's validation_split does: training gets floor(n·(1-fraction)) of them. It
// is an error if that leaves one of the two without samples.
//
// [Shuffle] and [Stratified] take samples from everywhere instead. Without them Split warns
// if the samples are ordered by class, so that a class is in one part alone; [InOrder] says
// that this is meant.
func (m *Memory) Split(fraction float64, opts ...SplitOption) (train, validation *Memory, err error) {
	n := m.Len()
	if !(fraction > 0 && fraction < 1) {
		return nil, nil, fmt.Errorf("data: Split: fraction %v: want more than 0 and less than 1", fraction)
	}
	at := int(math.Floor(float64(n) * (1 - fraction)))
	if at == 0 || at == n {
		return nil, nil, fmt.Errorf("data: Split: %d samples at fraction %v: got %d for training and %d for validation, want 1 or more of each", n, fraction, at, n-at)
	}
	s := split{warn: func(warning string) { slog.Default().Warn("data: Split: " + warning) }}
	for i, o := range opts {
		if o.set == nil {
			return nil, nil, fmt.Errorf("data: Split: option %d is empty: want one that data made", i)
		}
		o.set(&s)
	}
	var order []int
	switch {
	case s.inOrder && (s.shuffle || s.stratify):
		return nil, nil, errors.New("data: Split: InOrder with Shuffle or Stratified: want one of them")
	case s.shuffle && s.stratify:
		return nil, nil, errors.New("data: Split: Shuffle and Stratified, which shuffles, too: want one of them")
	case s.stratify:
		if order, err = m.stratified(at, s.seed); err != nil {
			return nil, nil, fmt.Errorf("data: Split: Stratified: %w", err)
		}
	case s.shuffle:
		order = Permutation(n, s.seed, 0, nil)
	default:
		if warning := m.oneSided(at); warning != "" && !s.inOrder {
			s.warn(warning)
		}
		return m.part(0, at), m.part(at, n), nil
	}
	if train, err = m.Subset(order[:at]); err != nil {
		return nil, nil, err
	}
	validation, err = m.Subset(order[at:])
	return train, validation, err
}

// stratified returns the numbers of the samples in a random order, those for training first.
func (m *Memory) stratified(at int, seed uint64) ([]int, error) {
	class, err := m.classes(false)
	if err != nil {
		return nil, err
	}
	n := len(class)
	count := map[int]int{}
	for _, c := range class {
		count[c]++
	}
	for _, c := range slices.Sorted(maps.Keys(count)) {
		if count[c] == 1 {
			return nil, fmt.Errorf("class %d has one sample: want two or more, to be in both parts", c)
		}
	}
	share := shares(count, n-at, n)
	var train, validation []int
	for _, i := range Permutation(n, seed, 0, nil) {
		if c := class[i]; share[c] > 0 {
			share[c]--
			validation = append(validation, i)
		} else {
			train = append(train, i)
		}
	}
	return append(train, validation...), nil
}

// shares returns how many samples of each class are for validation, of v in all.
func shares(count map[int]int, v, n int) map[int]int {
	share, left := map[int]int{}, v
	order := slices.Sorted(maps.Keys(count))
	for _, c := range order {
		share[c] = int(int64(count[c]) * int64(v) / int64(n))
		left -= share[c]
	}
	rest := func(c int) int64 { return int64(count[c]) * int64(v) % int64(n) }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest(b), rest(a)) })
	for _, c := range order[:left] {
		share[c]++
	}
	return share
}

// certain is how many samples of a class chance leaves in both parts of a split for certain:
// it forgets them once in e^certain times.
const certain = 10

// oneSided returns a warning if the samples before number at, and those from there on, have
// other classes since the samples are ordered, "" otherwise.
func (m *Memory) oneSided(at int) string {
	class, err := m.classes(true)
	if err != nil {
		return ""
	}
	count, last, runs := map[int]int{}, map[int]int{}, 1
	for i, c := range class {
		count[c]++
		if i >= at {
			last[c]++
		}
		if i > 0 && c != class[i-1] {
			runs++
		}
	}
	n := len(class)
	if len(count) < 2 || 2*len(count) > n {
		return ""
	}
	classes := slices.Sorted(maps.Keys(count))
	for _, part := range []struct {
		name string
		len  int
		has  func(c int) int
	}{{"training", at, func(c int) int { return count[c] - last[c] }}, {"validation", n - at, func(c int) int { return last[c] }}} {
		for _, c := range classes {
			if part.has(c) == 0 && (runs == len(count) || count[c]*part.len >= certain*n) {
				return fmt.Sprintf("the samples are ordered by class, so that %s has none of class %d: want data.Shuffle or data.Stratified, or data.InOrder if it is meant", part.name, c)
			}
		}
	}
	return ""
}

// classes returns the class of each sample; an error if the labels are none. Strict has rows
// be one-hot.
func (m *Memory) classes(strict bool) ([]int, error) {
	if len(m.y) != 1 {
		return nil, fmt.Errorf("the samples have %d targets: want one", len(m.y))
	}
	t := m.y[0].t
	width := t.Shape().From(1).Size()
	if t.Shape().Rank() > 2 || width == 0 || m.y[0].classes > 0 && width > 1 {
		return nil, fmt.Errorf("labels are %v: want class numbers [n] or [n 1], or rows [n classes]", t.Spec())
	}
	all := make([]int, t.Shape().At(0))
	const rows = 4096 // in one piece
	for from := 0; from < len(all); from += rows {
		to := min(from+rows, len(all))
		part, err := t.Slice(0, from, to, 1)
		if err != nil {
			return nil, err
		}
		v := part.Float64s()
		for i := range to - from {
			c, ok := classOf(v[i*width:][:width], strict)
			if !ok {
				return nil, fmt.Errorf("labels %v of sample %d: want a class number, or a one-hot row", v[i*width:][:min(width, 8)], from+i)
			}
			all[from+i] = c
		}
	}
	if m.rows == nil {
		return all, nil
	}
	picked := make([]int, len(m.rows))
	for i, r := range m.rows {
		picked[i] = all[r]
	}
	return picked, nil
}

// classOf returns the class that a label says, and whether it says one.
func classOf(label []float64, strict bool) (class int, ok bool) {
	if len(label) == 1 {
		v := label[0]
		return int(v), v == math.Trunc(v) && math.Abs(v) < 1<<31
	}
	best, nonzero := 0, 0
	for i, v := range label {
		if v != v {
			return 0, false
		}
		if v > label[best] {
			best = i
		}
		if v != 0 {
			nonzero++
		}
	}
	return best, !strict || nonzero == 1 && label[best] == 1
}
