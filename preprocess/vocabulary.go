package preprocess

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// tokens is a vocabulary: the numbers of tokens, behind those of padding and of unknown ones.
type tokens struct {
	list []string // without the special ones
	ids  map[string]int
	idf  []float64 // of the special ones, too; nil without
}

// special returns how many numbers stand before those of a vocabulary's tokens in a mode: those of
// padding, where the output is numbers, and of unknown tokens.
func (m OutputMode) special() []string {
	if m == Int {
		return []string{"", unknownToken}
	}
	return []string{unknownToken}
}

// unknownToken stands for tokens that are not in the vocabulary.
const unknownToken = "[UNK]"

// newTokens returns the vocabulary of a list, which may begin with the special tokens of a mode, or an
// error if a token repeats, or is that of padding, or there are none.
func newTokens(list []string, idf []float64, mode OutputMode) (*tokens, error) {
	if len(list) == 0 {
		return nil, errors.New("an empty vocabulary: want tokens")
	}
	if mode == TFIDF && len(idf) != len(list) || mode != TFIDF && len(idf) > 0 {
		return nil, fmt.Errorf("%d weights for %d tokens with %v: want one for each with TFIDF, and none otherwise", len(idf), len(list), mode)
	}
	special := mode.special()
	t := &tokens{list: list, ids: map[string]int{}, idf: idf}
	if n := len(special); len(list) >= n && slices.Equal(list[:n], special) {
		t.list = list[n:]
	} else if mode == TFIDF {
		mean := 0.0
		for _, w := range idf {
			mean += w / float64(len(idf))
		}
		t.idf = append(slices.Repeat([]float64{mean}, n), idf...)
	}
	for i, token := range t.list {
		if _, ok := t.ids[token]; ok {
			return nil, fmt.Errorf("token %q stands twice in the vocabulary: want it once", token)
		}
		if token == "" {
			return nil, fmt.Errorf("token %d of the vocabulary is empty, which stands for padding: want text, or %q first", i, special)
		}
		t.ids[token] = len(special) + i
	}
	for i, w := range t.idf {
		if math.IsNaN(w) || math.IsInf(w, 0) {
			return nil, fmt.Errorf("weight %d of the vocabulary is %v: want a finite number", i, w)
		}
	}
	return t, nil
}

// counts is how often tokens were met, and in how many texts.
type counts struct {
	of        map[string]*count
	documents int
}

type count struct {
	n, documents int
	last         int // the text that had the token last
}

// add counts the tokens of a text.
func (c *counts) add(text []string) {
	c.documents++
	for _, token := range text {
		n := c.of[token]
		if n == nil {
			n = &count{}
			c.of[token] = n
		}
		if n.n++; n.last != c.documents {
			n.documents++
			n.last = c.documents
		}
	}
}

// vocabulary returns the tokens that were met most often, no more than most with the special ones unless
// that is 0: of those that were met equally often the greatest first. It returns an error if there are none.
func (c *counts) vocabulary(most int, mode OutputMode) (list []string, idf []float64, err error) {
	for token := range c.of {
		if token != "" && token != unknownToken {
			list = append(list, token)
		}
	}
	if len(list) == 0 {
		return nil, nil, fmt.Errorf("%d texts without a token: want words in some", c.documents)
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(c.of[b].n-c.of[a].n, cmp.Compare(b, a)) })
	if most > 0 {
		room := most - len(mode.special())
		if room < 1 {
			return nil, nil, fmt.Errorf("MaxTokens(%d) with %q: want room for tokens", most, mode.special())
		}
		list = list[:min(room, len(list))]
	}
	if mode == TFIDF {
		for _, token := range list {
			idf = append(idf, math.Log(1+float64(c.documents)/float64(1+c.of[token].documents)))
		}
	}
	return list, idf, nil
}
