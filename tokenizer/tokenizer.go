package tokenizer

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Tokenizer turns text into the numbers of tokens and back. [Open], [Read], [Train] and [BERT] make one.
// It never changes, so that goroutines may share it.
type Tokenizer struct {
	truncation *truncation
	padding    []byte // JSON; what is written is what was read
	added      addedTokens
	normalizer normalizer   // nil: none
	pre        preTokenizer // nil: none
	post       postProcessor
	decoder    decoder
	model      model
}

// model cuts a word into tokens.
type model interface {
	// tokenize appends the numbers of a word's tokens.
	tokenize(ids []int32, word string) ([]int32, error)
	vocabulary() *vocabulary
}

// Option is an option of [Tokenizer.Encode] and [Tokenizer.Decode].
type Option uint8

const (
	// NoSpecial has [Tokenizer.Encode] put no special tokens around the text. Those that stand in it are
	// tokens all the same.
	NoSpecial Option = 1 + iota
	// KeepSpecial has [Tokenizer.Decode] write special tokens, which it drops otherwise.
	KeepSpecial
)

// has reports whether an option is among some, or returns an error if one is not for the method.
func has(method string, opts []Option, want Option) (bool, error) {
	for _, o := range opts {
		if o != want {
			return false, fmt.Errorf("tokenizer: %s: option %d: want %s", method, o, map[Option]string{NoSpecial: "NoSpecial", KeepSpecial: "KeepSpecial"}[want])
		}
	}
	return len(opts) > 0, nil
}

// Encode returns the numbers of the tokens of a text, with the special tokens that belong around it unless
// [NoSpecial] is given. If the file has a truncation, it cuts them to that.
//
// It returns an error if the text is not UTF-8, or has a character that is not in the vocabulary, which has
// no token for unknown ones. Source: tokenizers' Tokenizer.encode.
func (t *Tokenizer) Encode(text string, opts ...Option) ([]int32, error) {
	bare, err := has("Encode", opts, NoSpecial)
	if err != nil {
		return nil, err
	}
	ids, err := t.tokens(text)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: Encode: %w", err)
	}
	if bare || t.post == nil {
		return t.truncation.cut(ids, 0), nil
	}
	ids, _ = t.post.process(t.truncation.cut(ids, t.post.extra(false)), nil, false)
	return ids, nil
}

// EncodePair returns the numbers of the tokens of two texts with the special tokens that belong around them,
// and for each the number of its segment, BERT's token type: 0 or 1. It returns an error as
// [Tokenizer.Encode] does, or if the file has a truncation that the pair exceeds.
func (t *Tokenizer) EncodePair(first, second string) (ids, segments []int32, err error) {
	a, err := t.tokens(first)
	if err != nil {
		return nil, nil, fmt.Errorf("tokenizer: EncodePair: first text: %w", err)
	}
	b, err := t.tokens(second)
	if err != nil {
		return nil, nil, fmt.Errorf("tokenizer: EncodePair: second text: %w", err)
	}
	if t.post == nil {
		ids = append(a, b...)
		segments = append(make([]int32, len(a)), repeated(1, len(b))...)
	} else {
		ids, segments = t.post.process(a, b, true)
	}
	if t.truncation != nil && len(ids) > t.truncation.MaxLength {
		return nil, nil, fmt.Errorf("tokenizer: EncodePair: %d tokens: the tokenizer takes up to %d", len(ids), t.truncation.MaxLength)
	}
	return ids, segments, nil
}

func repeated(v int32, n int) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = v
	}
	return s
}

// tokens returns the numbers of a text's tokens, without any around it.
func (t *Tokenizer) tokens(text string) ([]int32, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("the text is not UTF-8: want text in UTF-8")
	}
	var ids []int32
	err := t.added.split(text, false, func(part string, id int32) error {
		if id >= 0 {
			ids = append(ids, id)
			return nil
		}
		if t.normalizer != nil {
			part = t.normalizer.normalize(part)
		}
		return t.added.split(part, true, func(part string, id int32) (err error) {
			if id >= 0 {
				ids = append(ids, id)
				return nil
			}
			words := []string{part}
			if t.pre != nil {
				words = t.pre.words(words)
			}
			for _, word := range words {
				if word == "" {
					continue
				}
				if ids, err = t.model.tokenize(ids, word); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return ids, err
}

// Decode returns the text of tokens. Special tokens are dropped unless [KeepSpecial] is given. Bytes that are
// not UTF-8, as those of the first half of a character, become U+FFFD. It returns an error if there is no token
// of a number. Source: tokenizers' Tokenizer.decode.
func (t *Tokenizer) Decode(ids []int32, opts ...Option) (string, error) {
	keep, err := has("Decode", opts, KeepSpecial)
	if err != nil {
		return "", err
	}
	tokens := make([]string, 0, len(ids))
	for i, id := range ids {
		token, ok := t.Token(id)
		if !ok {
			return "", fmt.Errorf("tokenizer: Decode: token %d is number %d: there is none of this number among the %d", i, id, t.Len())
		}
		if keep || !t.added.special(id) {
			tokens = append(tokens, token)
		}
	}
	if t.decoder == nil {
		return joined(tokens), nil
	}
	return t.decoder.decode(tokens), nil
}

// Token returns the token of a number, as the vocabulary has it, and whether there is one: a space of byte-level
// BPE is Ġ there. An added token that is found in normalized text is normalized, as in HuggingFace's tokenizers.
func (t *Tokenizer) Token(id int32) (string, bool) {
	if text, ok := t.added.text[id]; ok {
		return text, true
	}
	token, ok := t.model.vocabulary().tokens[id]
	return token, ok
}

// ID returns the number of a token, as the vocabulary has it, and whether there is one.
func (t *Tokenizer) ID(token string) (int32, bool) {
	if id, ok := t.added.ids[token]; ok {
		return id, true
	}
	id, ok := t.model.vocabulary().ids[token]
	return id, ok
}

// Len returns how many tokens there are, those that were added too.
func (t *Tokenizer) Len() int {
	n := len(t.model.vocabulary().ids)
	for id := range t.added.byID {
		if _, ok := t.model.vocabulary().tokens[id]; !ok {
			n++
		}
	}
	return n
}

// Numbers returns the least number that is greater than those of all tokens, which an embedding is to have
// rows for: [Tokenizer.Len] unless the vocabulary has gaps.
func (t *Tokenizer) Numbers() int {
	most := int32(-1)
	for id := range t.model.vocabulary().tokens {
		most = max(most, id)
	}
	for id := range t.added.byID {
		most = max(most, id)
	}
	return int(most) + 1
}

// truncation is that of a tokenizer.json.
type truncation struct {
	Direction string `json:"direction"`
	MaxLength int    `json:"max_length"`
	Strategy  string `json:"strategy"`
	Stride    int    `json:"stride"`
}

func (t *truncation) check() error {
	switch {
	case t.Direction != "Right" && t.Direction != "Left":
		return fmt.Errorf("direction %q: want Right or Left", t.Direction)
	case t.MaxLength < 0:
		return fmt.Errorf("max_length %d: want 0 or more", t.MaxLength)
	}
	return nil
}

// cut returns ids with room for some more tokens.
func (t *truncation) cut(ids []int32, extra int) []int32 {
	if t == nil {
		return ids
	}
	room := max(0, t.MaxLength-extra)
	switch {
	case len(ids) <= room:
		return ids
	case t.Direction == "Left":
		return ids[len(ids)-room:]
	}
	return ids[:room]
}
