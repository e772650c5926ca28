package tokenizer

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// addedToken is a token that is found in the text before it is cut into words.
type addedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

// addedTokens are the added tokens of a tokenizer.
type addedTokens struct {
	list []addedToken
	byID map[int32]*addedToken
	text map[int32]string // what each decodes to: normalized ones are found in normalized text
	ids  map[string]int32
	find [2]map[byte][]found // by the first byte: in the text, and in the normalized text
}

// found is a text that stands for an added token.
type found struct {
	text  string
	token *addedToken
}

// newAdded returns the added tokens of a list, beside those of a vocabulary.
func newAdded(list []addedToken, v *vocabulary, n normalizer) (addedTokens, error) {
	a := addedTokens{list: list, byID: map[int32]*addedToken{}, text: map[int32]string{}, ids: map[string]int32{}, find: [2]map[byte][]found{{}, {}}}
	for i := range list {
		token := &list[i]
		if token.Content == "" {
			return a, fmt.Errorf("added token %d is empty: want text", i)
		}
		if !utf8.ValidString(token.Content) {
			return a, fmt.Errorf("added token %d: %q is not UTF-8", i, token.Content)
		}
		if token.ID < 0 {
			return a, fmt.Errorf("added token %q has the number %d: want 0 or more", token.Content, token.ID)
		}
		if _, ok := a.ids[token.Content]; ok {
			return a, fmt.Errorf("added token %q stands twice: want it once", token.Content)
		}
		if other, ok := a.byID[token.ID]; ok {
			return a, fmt.Errorf("added tokens %q and %q have the number %d: want different numbers", other.Content, token.Content, token.ID)
		}
		if other, ok := v.tokens[token.ID]; ok && other != token.Content {
			return a, fmt.Errorf("added token %q has the number %d of %q in the vocabulary: want another", token.Content, token.ID, other)
		}
		if id, ok := v.ids[token.Content]; ok && id != token.ID {
			return a, fmt.Errorf("added token %q has the number %d, and %d in the vocabulary: want one number", token.Content, token.ID, id)
		}
		a.byID[token.ID], a.ids[token.Content] = token, token.ID
		text, where := token.Content, 0
		if token.Normalized {
			where = 1
			if n != nil {
				text = n.normalize(text)
			}
		}
		if a.text[token.ID] = text; text != "" {
			a.find[where][text[0]] = append(a.find[where][text[0]], found{text, token})
		}
	}
	return a, nil
}

func (a *addedTokens) special(id int32) bool {
	token := a.byID[id]
	return token != nil && token.Special
}

// split calls do for the parts of a text: with the number of an added token, or with text between them and -1.
// Of the tokens at a place the longest counts.
func (a *addedTokens) split(text string, normalized bool, do func(part string, id int32) error) error {
	where := 0
	if normalized {
		where = 1
	}
	from := 0
	for at := 0; at < len(text); {
		best := found{}
		for _, f := range a.find[where][text[at]] {
			if len(f.text) > len(best.text) && len(text)-at >= len(f.text) && text[at:at+len(f.text)] == f.text {
				best = f
			}
		}
		if best.token == nil {
			at++
			continue
		}
		start, end := at, at+len(best.text)
		at = end
		if best.token.SingleWord && (wordBefore(text[:start]) || wordBehind(text[end:])) {
			continue
		}
		if best.token.LStrip {
			for start > from {
				r, n := utf8.DecodeLastRuneInString(text[from:start])
				if !unicode.IsSpace(r) {
					break
				}
				start -= n
			}
		}
		if best.token.RStrip {
			for end < len(text) {
				r, n := utf8.DecodeRuneInString(text[end:])
				if !unicode.IsSpace(r) {
					break
				}
				end += n
			}
			at = end
		}
		if start > from {
			if err := do(text[from:start], -1); err != nil {
				return err
			}
		}
		if err := do("", best.token.ID); err != nil {
			return err
		}
		from = end
	}
	if from < len(text) {
		return do(text[from:], -1)
	}
	return nil
}

// isWord reports whether r is a character of words, as \w of regular expressions has it.
func isWord(r rune) bool {
	return r == '_' || unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control)
}

func wordBefore(s string) bool {
	r, n := utf8.DecodeLastRuneInString(s)
	return n > 0 && isWord(r)
}

func wordBehind(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	return n > 0 && isWord(r)
}
