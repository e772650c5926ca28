package tokenizer

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// wordPiece is the model of BERT: the longest token that a word begins with, then the longest that the rest begins
// with, and so on. A word that is not of tokens is unknown as a whole.
//
// Source: Wu et al. 2016, arXiv:1609.08144; Devlin et al. 2019, arXiv:1810.04805.
type wordPiece struct {
	v       vocabulary
	unk     string
	prefix  string
	most    int // characters of a word
	longest int // bytes of a token
}

// wordPieceFile is a WordPiece in a tokenizer.json.
type wordPieceFile struct {
	Type                    string      `json:"type"`
	UnkToken                string      `json:"unk_token"`
	ContinuingSubwordPrefix string      `json:"continuing_subword_prefix"`
	MaxInputCharsPerWord    int         `json:"max_input_chars_per_word"`
	Vocab                   *vocabulary `json:"vocab"`
}

// model returns the model that a file has, or an error.
func (f *wordPieceFile) model() (model, error) {
	if f.Vocab == nil || len(f.Vocab.ids) == 0 {
		return nil, fmt.Errorf("vocab: there are no tokens, want some")
	}
	if _, ok := f.Vocab.ids[f.UnkToken]; !ok {
		return nil, fmt.Errorf("unk_token %q: want a token of the vocabulary", f.UnkToken)
	}
	if f.MaxInputCharsPerWord < 0 {
		return nil, fmt.Errorf("max_input_chars_per_word %d: want 0 or more", f.MaxInputCharsPerWord)
	}
	w := &wordPiece{v: *f.Vocab, unk: f.UnkToken, prefix: f.ContinuingSubwordPrefix, most: f.MaxInputCharsPerWord}
	for token := range w.v.ids {
		w.longest = max(w.longest, len(token))
	}
	return w, nil
}

func (w *wordPiece) vocabulary() *vocabulary { return &w.v }

// file returns what a tokenizer.json has of the model.
func (w *wordPiece) file() any {
	return &wordPieceFile{"WordPiece", w.unk, w.prefix, w.most, &w.v}
}

// tokenize implements model.
func (w *wordPiece) tokenize(ids []int32, word string) ([]int32, error) {
	from := len(ids)
	unknown := func() ([]int32, error) { return append(ids[:from], w.v.ids[w.unk]), nil }
	if utf8.RuneCountInString(word) > w.most {
		return unknown()
	}
	prefix := ""
	for word != "" {
		n := min(len(word), w.longest)
		for ; n > 0; n-- {
			if n < len(word) && !utf8.RuneStart(word[n]) {
				continue
			}
			if id, ok := w.v.ids[prefix+word[:n]]; ok {
				ids = append(ids, id)
				break
			}
		}
		if n == 0 {
			return unknown()
		}
		word, prefix = word[n:], w.prefix
	}
	return ids, nil
}

// wordPieceDecoder puts words of tokens together.
type wordPieceDecoder struct {
	Type    string `json:"type"`
	Prefix  string `json:"prefix"`
	Cleanup bool   `json:"cleanup"`
}

// decode implements decoder.
func (d *wordPieceDecoder) decode(tokens []string) string {
	var b strings.Builder
	for i, token := range tokens {
		if i > 0 {
			rest, ok := strings.CutPrefix(token, d.Prefix)
			if ok && d.Prefix != "" {
				token = rest
			} else {
				token = " " + token
			}
		}
		if d.Cleanup {
			token = cleaned(token)
		}
		b.WriteString(token)
	}
	return b.String()
}

// english puts punctuation and English contractions at the word before.
var english = [][2]string{
	{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"},
	{" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
}

func cleaned(s string) string {
	for _, e := range english {
		s = strings.ReplaceAll(s, e[0], e[1])
	}
	return s
}
