package preprocess

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/glia-ml/glia/internal/vocab"
)

// Standardization is how [TextVectorization] changes a text before it cuts it into words.
type Standardization int

const (
	// LowerAndStrip makes ASCII letters small and drops ASCII punctuation.
	LowerAndStrip Standardization = iota
	// Lower makes ASCII letters small.
	Lower
	// StripPunctuation drops ASCII punctuation.
	StripPunctuation
	// AsWritten leaves the text as it is.
	AsWritten
)

// Splitting is how [TextVectorization] cuts a text into words.
type Splitting int

const (
	// AtSpaces cuts at ASCII white space.
	AtSpaces Splitting = iota
	// Characters makes a word of each character.
	Characters
	// Whole makes one word of the text.
	Whole
)

// OutputMode is what a layer gives for the tokens of a text.
type OutputMode int

const (
	// Int gives the number of each token.
	Int OutputMode = iota
	// MultiHot gives, for each token of the vocabulary, 1 if the text has it.
	MultiHot
	// Count gives how often the text has each token of the vocabulary.
	Count
	// TFIDF gives the count of each token times a weight, which is greater for tokens that fewer texts have.
	TFIDF
)

// The names that Keras gives them, the ones of old behind.
var (
	standardizations = choice{"LowerAndStrip lower_and_strip_punctuation", "Lower lower", "StripPunctuation strip_punctuation", "AsWritten "}
	splittings       = choice{"AtSpaces whitespace", "Characters character", "Whole "}
	outputModes      = choice{"Int int", "MultiHot multi_hot binary", "Count count", "TFIDF tf_idf tf-idf"}
)

// choice is the values of a setting in Go, each with Keras's names. No name stands for null.
type choice []string

// name returns the name of a value in Go.
func (c choice) name(i int) string {
	if i < 0 || i >= len(c) {
		return fmt.Sprint(i)
	}
	name, _, _ := strings.Cut(c[i], " ")
	return name
}

func (c choice) marshal(i int) ([]byte, error) {
	if i < 0 || i >= len(c) {
		return nil, fmt.Errorf("value %d: want 0 to %d", i, len(c)-1)
	}
	names := strings.Split(c[i], " ")
	if names[1] == "" {
		return []byte("null"), nil
	}
	return json.Marshal(names[1])
}

// find returns the value that JSON stands for.
func (c choice) find(b []byte) (int, error) {
	var name string
	if b = bytes.TrimSpace(b); string(b) != "null" {
		if err := json.Unmarshal(b, &name); err != nil || name == "" {
			return 0, fmt.Errorf("%s: want a name", vocab.Short(b))
		}
	}
	var known []string
	for i, names := range c {
		for _, n := range strings.Split(names, " ")[1:] {
			if n == name {
				return i, nil
			}
			known = append(known, n)
		}
	}
	return 0, fmt.Errorf("%s: want one of %q", vocab.Short(b), known)
}

// String returns the name of the constant.
func (s Standardization) String() string { return standardizations.name(int(s)) }

// MarshalJSON writes Keras's name.
func (s Standardization) MarshalJSON() ([]byte, error) { return standardizations.marshal(int(s)) }

// UnmarshalJSON reads Keras's name.
func (s *Standardization) UnmarshalJSON(b []byte) (err error) {
	return set(s, standardizations, b)
}

// String returns the name of the constant.
func (s Splitting) String() string { return splittings.name(int(s)) }

// MarshalJSON writes Keras's name.
func (s Splitting) MarshalJSON() ([]byte, error) { return splittings.marshal(int(s)) }

// UnmarshalJSON reads Keras's name.
func (s *Splitting) UnmarshalJSON(b []byte) error { return set(s, splittings, b) }

// String returns the name of the constant.
func (m OutputMode) String() string { return outputModes.name(int(m)) }

// MarshalJSON writes Keras's name.
func (m OutputMode) MarshalJSON() ([]byte, error) { return outputModes.marshal(int(m)) }

// UnmarshalJSON reads Keras's name.
func (m *OutputMode) UnmarshalJSON(b []byte) error { return set(m, outputModes, b) }

// set sets to to the value that JSON stands for.
func set[T ~int](to *T, of choice, b []byte) error {
	i, err := of.find(b)
	if err == nil {
		*to = T(i)
	}
	return err
}

// NGrams are numbers of words that make a token together.
type NGrams []int

// UnmarshalJSON reads null, a list, or n, which stands for 1 to n.
func (n *NGrams) UnmarshalJSON(b []byte) error {
	var most int
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] != '[' && string(b) != "null" {
		if err := json.Unmarshal(b, &most); err != nil || most < 1 || most > mostWords {
			return fmt.Errorf("%s: want a number from 1 to %d, or a list of such", vocab.Short(b), mostWords)
		}
		*n = nil
		for i := range most {
			*n = append(*n, i+1)
		}
		return nil
	}
	return json.Unmarshal(b, (*[]int)(n))
}

// mostWords bounds the words of a token.
const mostWords = 1 << 10

// asciiSpace reports whether b is white space to C.
func asciiSpace(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' }

// standardize returns the text that is cut into words.
func (s Standardization) standardize(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z' && s <= Lower:
			return r + 'a' - 'A'
		case (s == LowerAndStrip || s == StripPunctuation) && strings.ContainsRune("!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'", r):
			return -1
		}
		return r
	}, text)
}

// words returns the words of a text.
func (s Splitting) words(text string) []string {
	switch s {
	case AtSpaces:
		return strings.FieldsFunc(text, asciiSpace)
	case Characters:
		return strings.Split(text, "")
	}
	return []string{text}
}

// of returns the tokens of words: all of one number of words, then all of the next.
func (n NGrams) of(words []string) []string {
	if len(n) == 0 {
		return words
	}
	var out []string
	for _, width := range n {
		for i := range len(words) - width + 1 {
			out = append(out, strings.Join(words[i:i+width], " "))
		}
	}
	return out
}
