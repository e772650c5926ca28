package tokenizer

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"iter"
	"slices"
	"unicode/utf8"
)

// TrainOption is an option of [Train].
type TrainOption struct{ set func(*training) }

// training holds the settings of Train.
type training struct {
	special   []string
	frequency int
}

// Special adds special tokens, such as <|endoftext|>, which have the first numbers.
func Special(tokens ...string) TrainOption {
	return TrainOption{func(t *training) { t.special = append(t.special, tokens...) }}
}

// MinFrequency has pairs that are met less often not become a token.
func MinFrequency(n int) TrainOption { return TrainOption{func(t *training) { t.frequency = n }} }

// mostTokens bounds the vocabulary that Train makes.
const mostTokens = 1 << 24

// Train learns a byte-level BPE of a number of tokens from texts: the special tokens, a token for each of the 256
// bytes, then the pair of tokens that is met most often becomes a token, again and again, of pairs that are met
// equally often that of the least numbers. Words are cut as GPT-2's are. With fewer pairs there are fewer tokens;
// without texts those of the bytes alone.
//
// Every text in UTF-8 has tokens, and [Tokenizer.Decode] gives it back as it was.
//
// Options: [Special], [MinFrequency].
//
// It returns an error if the size is less than the special tokens and 256, if a special token is empty or
// repeated, or if a text is not UTF-8.
//
// Source: tokenizers' BpeTrainer with the alphabet of ByteLevel; the vocabulary is the same.
func Train(texts iter.Seq[string], size int, opts ...TrainOption) (*Tokenizer, error) {
	var set training
	for i, o := range opts {
		if o.set == nil {
			return nil, fmt.Errorf("tokenizer: Train: option %d is empty: want one that this package made", i)
		}
		o.set(&set)
	}
	t, err := set.train(texts, size)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: Train: %w", err)
	}
	return t, nil
}

func (set *training) train(texts iter.Seq[string], size int) (*Tokenizer, error) {
	if least := len(set.special) + len(runeOf); size < least || size > mostTokens {
		return nil, fmt.Errorf("%d tokens: want %d, for bytes and special tokens, to %d", size, least, mostTokens)
	}
	pre := newByteLevel()
	pre.AddPrefixSpace = false
	alphabet := slices.Clone(runeOf[:])
	slices.Sort(alphabet)
	tokens := slices.Clone(set.special)
	for _, r := range alphabet {
		tokens = append(tokens, string(r))
	}
	v, err := newVocabulary(tokens)
	if err != nil {
		return nil, err
	}
	added := make([]addedToken, len(set.special))
	for i, token := range set.special {
		added[i] = addedToken{ID: int32(i), Content: token, Special: true}
	}
	counts := map[string]int{}
	if texts == nil {
		return nil, errors.New("the texts are nil: want some")
	}
	number := 0
	for text := range texts {
		if !utf8.ValidString(text) {
			return nil, fmt.Errorf("text %d is not UTF-8: want text in UTF-8", number)
		}
		number++
		for _, word := range pre.words([]string{text}) {
			counts[word]++
		}
	}
	b := &bpe{v: *v}
	l := learn(b, counts)
	for len(b.v.ids) < size && l.merge(max(set.frequency, 1)) {
	}
	if err := b.setMerges(b.merges); err != nil {
		return nil, err
	}
	t := &Tokenizer{model: b, pre: pre, decoder: newByteLevel(), post: &byteLevel{"ByteLevel", true, false, true}}
	t.added, err = newAdded(added, &b.v, nil)
	return t, err
}

// learning holds the words of texts, and the pairs in them.
type learning struct {
	of    *bpe
	words [][]int32
	count []int64
	pairs map[[2]int32]*pairCount
	queue pairQueue
}

// pairCount is how often a pair is met, and the words that may have it.
type pairCount struct {
	n     int64
	words map[int32]bool
}

// counted is a pair with the count that it had when it was put in the queue.
type counted struct {
	pair [2]int32
	n    int64
}

type pairQueue []counted

func (q pairQueue) Len() int { return len(q) }
func (q pairQueue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[j].n, q[i].n), cmp.Compare(q[i].pair[0], q[j].pair[0]), cmp.Compare(q[i].pair[1], q[j].pair[1])) < 0
}
func (q pairQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *pairQueue) Push(x any)   { *q = append(*q, x.(counted)) }
func (q *pairQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// learn returns the pairs of words, in an order that depends on them alone.
func learn(b *bpe, counts map[string]int) *learning {
	l := &learning{of: b, pairs: map[[2]int32]*pairCount{}}
	for word, n := range counts {
		var ids []int32
		for _, r := range word {
			ids = append(ids, b.v.ids[string(r)])
		}
		l.words, l.count = append(l.words, ids), append(l.count, int64(n))
		for i := range len(ids) - 1 {
			l.add([2]int32(ids[i:]), len(l.words)-1, int64(n))
		}
	}
	for p, c := range l.pairs {
		l.queue = append(l.queue, counted{p, c.n})
	}
	heap.Init(&l.queue)
	return l
}

// add counts a pair of a word n times more, or fewer.
func (l *learning) add(p [2]int32, word int, n int64) {
	c := l.pairs[p]
	if c == nil {
		c = &pairCount{words: map[int32]bool{}}
		l.pairs[p] = c
	}
	if c.n += n; n > 0 {
		c.words[int32(word)] = true
	}
}

// merge makes the most frequent pair a token, if it is met often enough.
func (l *learning) merge(least int) bool {
	for len(l.queue) > 0 {
		top := heap.Pop(&l.queue).(counted)
		c := l.pairs[top.pair]
		if c == nil || c.n < int64(least) {
			continue
		}
		if c.n != top.n {
			if c.n < top.n {
				heap.Push(&l.queue, counted{top.pair, c.n})
			}
			continue
		}
		left, right := l.of.v.tokens[top.pair[0]], l.of.v.tokens[top.pair[1]]
		id, known := l.of.v.ids[left+right]
		if !known {
			id = int32(len(l.of.v.ids))
			if err := l.of.v.add(left+right, int64(id)); err != nil {
				panic(err) // it is neither there nor are numbers scarce
			}
		}
		l.of.merges = append(l.of.merges, pair{left, right})
		changed := map[[2]int32]bool{}
		for word := range c.words {
			l.apply(int(word), top.pair, id, changed)
		}
		delete(l.pairs, top.pair)
		for p := range changed {
			if c := l.pairs[p]; c != nil && c.n > 0 {
				heap.Push(&l.queue, counted{p, c.n})
			}
		}
		return true
	}
	return false
}

// apply merges a pair in a word and counts the pairs anew that this changes.
func (l *learning) apply(word int, p [2]int32, to int32, changed map[[2]int32]bool) {
	ids, n := l.words[word], l.count[word]
	for i := range len(ids) - 1 {
		l.add([2]int32(ids[i:]), word, -n)
	}
	out := ids[:0]
	for i := 0; i < len(ids); i++ {
		if i+1 < len(ids) && ids[i] == p[0] && ids[i+1] == p[1] {
			out = append(out, to)
			i++
		} else {
			out = append(out, ids[i])
		}
	}
	l.words[word] = out
	for i := range len(out) - 1 {
		q := [2]int32(out[i:])
		l.add(q, word, n)
		if q[0] == to || q[1] == to {
			changed[q] = true
		}
	}
}
