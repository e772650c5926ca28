package tokenizer

import (
	"container/heap"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// bpe is the model of byte-pair encoding: the characters of a word, of which the pair that was merged first in
// training is merged first, again and again.
//
// Source: Sennrich, Haddow, Birch 2016, arXiv:1508.07909.
type bpe struct {
	v            vocabulary
	unk          string
	hasUnk, fuse bool
	whole        bool // a word that is a token stays whole
	merges       []pair
	ranks        map[[2]int32]merge
}

// pair is two tokens that are merged.
type pair [2]string

// merge is the rank of a pair, and the token that it becomes.
type merge struct{ rank, to int32 }

// bpeFile is a BPE in a tokenizer.json.
type bpeFile struct {
	Type                    string      `json:"type"`
	Dropout                 *float64    `json:"dropout"`
	UnkToken                *string     `json:"unk_token"`
	ContinuingSubwordPrefix *string     `json:"continuing_subword_prefix"`
	EndOfWordSuffix         *string     `json:"end_of_word_suffix"`
	FuseUnk                 bool        `json:"fuse_unk"`
	ByteFallback            bool        `json:"byte_fallback"`
	IgnoreMerges            bool        `json:"ignore_merges"`
	Vocab                   *vocabulary `json:"vocab"`
	Merges                  []pair      `json:"merges"`
}

// UnmarshalJSON reads ["a", "b"], or "a b" as older files have it.
func (p *pair) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		a, rest, ok := strings.Cut(s, " ")
		if !ok || a == "" || rest == "" || strings.Contains(rest, " ") {
			return fmt.Errorf("merge %q: want two tokens with a space between", s)
		}
		*p = pair{a, rest}
		return nil
	}
	var two []string
	if err := json.Unmarshal(b, &two); err != nil || len(two) != 2 || two[0] == "" || two[1] == "" {
		return fmt.Errorf("merge %.40s: want two tokens", b)
	}
	*p = pair(two)
	return nil
}

// model returns the model that a file has, or an error.
func (f *bpeFile) model() (model, error) {
	for name, s := range map[string]*string{"continuing_subword_prefix": f.ContinuingSubwordPrefix, "end_of_word_suffix": f.EndOfWordSuffix} {
		if s != nil && *s != "" {
			return nil, fmt.Errorf("%s %q: it is not supported, want none", name, *s)
		}
	}
	switch {
	case f.Dropout != nil && *f.Dropout != 0:
		return nil, fmt.Errorf("dropout %v: it is not supported, want none", *f.Dropout)
	case f.ByteFallback:
		return nil, fmt.Errorf("byte_fallback: it is not supported, want a vocabulary of bytes")
	case f.Vocab == nil || len(f.Vocab.ids) == 0:
		return nil, fmt.Errorf("vocab: there are no tokens, want some")
	}
	b := &bpe{v: *f.Vocab, fuse: f.FuseUnk, whole: f.IgnoreMerges}
	if f.UnkToken != nil {
		b.unk, b.hasUnk = *f.UnkToken, true
		if _, ok := b.v.ids[b.unk]; !ok {
			return nil, fmt.Errorf("unk_token %q: want a token of the vocabulary", b.unk)
		}
	}
	return b, b.setMerges(f.Merges)
}

func (b *bpe) setMerges(merges []pair) error {
	b.merges, b.ranks = merges, make(map[[2]int32]merge, len(merges))
	for i, m := range merges {
		left, ok := b.v.ids[m[0]]
		right, ok2 := b.v.ids[m[1]]
		to, ok3 := b.v.ids[m[0]+m[1]]
		if !ok || !ok2 || !ok3 {
			return fmt.Errorf("merge %d: %q and %q: want both and their union in the vocabulary", i, m[0], m[1])
		}
		key := [2]int32{left, right}
		if _, ok := b.ranks[key]; ok {
			return fmt.Errorf("merge %d: %q and %q stand twice: want them once", i, m[0], m[1])
		}
		b.ranks[key] = merge{int32(i), to}
	}
	return nil
}

func (b *bpe) vocabulary() *vocabulary { return &b.v }

// file returns what a tokenizer.json has of the model.
func (b *bpe) file() any {
	f := &bpeFile{Type: "BPE", FuseUnk: b.fuse, IgnoreMerges: b.whole, Vocab: &b.v, Merges: b.merges}
	if b.hasUnk {
		f.UnkToken = &b.unk
	}
	if f.Merges == nil {
		f.Merges = []pair{}
	}
	return f
}

// symbol is a token of a word that is being merged.
type symbol struct {
	id         int32
	prev, next int32
	gone       bool
}

// candidate is a pair that may be merged, by the place of its left token.
type candidate struct {
	merge
	at          int32
	left, right int32 // their tokens, so as to know whether they are there still
}

type candidates []candidate

func (c candidates) Len() int { return len(c) }
func (c candidates) Less(i, j int) bool {
	return c[i].rank < c[j].rank || c[i].rank == c[j].rank && c[i].at < c[j].at
}
func (c candidates) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *candidates) Push(x any)   { *c = append(*c, x.(candidate)) }
func (c *candidates) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}

// tokenize implements model.
func (b *bpe) tokenize(ids []int32, word string) ([]int32, error) {
	if id, ok := b.v.ids[word]; ok && b.whole {
		return append(ids, id), nil
	}
	symbols, err := b.characters(word)
	if err != nil {
		return nil, err
	}
	queue := &candidates{}
	consider := func(at int32) {
		if at < 0 || symbols[at].next < 0 {
			return
		}
		left, right := symbols[at].id, symbols[symbols[at].next].id
		if m, ok := b.ranks[[2]int32{left, right}]; ok {
			heap.Push(queue, candidate{m, at, left, right})
		}
	}
	for i := range symbols {
		consider(int32(i))
	}
	for queue.Len() > 0 {
		c := heap.Pop(queue).(candidate)
		s := &symbols[c.at]
		if s.gone || s.id != c.left || s.next < 0 || symbols[s.next].id != c.right {
			continue
		}
		next := &symbols[s.next]
		s.id, s.next, next.gone = c.to, next.next, true
		if s.next >= 0 {
			symbols[s.next].prev = c.at
		}
		consider(s.prev)
		consider(c.at)
	}
	for i := range symbols {
		if !symbols[i].gone {
			ids = append(ids, symbols[i].id)
		}
	}
	return ids, nil
}

// characters returns the tokens of a word's characters.
func (b *bpe) characters(word string) ([]symbol, error) {
	symbols := make([]symbol, 0, utf8.RuneCountInString(word))
	unknown := false // the last one
	for i, r := range word {
		id, ok := b.v.ids[word[i:i+utf8.RuneLen(r)]]
		if !ok {
			if !b.hasUnk {
				return nil, fmt.Errorf("character %q has no token, and the vocabulary none for unknown ones", r)
			}
			if unknown && b.fuse {
				continue
			}
			id = b.v.ids[b.unk]
		}
		unknown = !ok
		at := int32(len(symbols))
		symbols = append(symbols, symbol{id: id, prev: at - 1, next: at + 1})
	}
	if len(symbols) > 0 {
		symbols[len(symbols)-1].next = -1
	}
	return symbols, nil
}
