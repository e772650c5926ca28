package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// vocabulary is tokens by their numbers and numbers by their tokens.
type vocabulary struct {
	ids    map[string]int32
	tokens map[int32]string
}

// newVocabulary returns the vocabulary of tokens with the numbers of their order.
func newVocabulary(tokens []string) (*vocabulary, error) {
	v := &vocabulary{map[string]int32{}, map[int32]string{}}
	for i, token := range tokens {
		if err := v.add(token, int64(i)); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// add adds a token that is not there, of a number that is not there.
func (v *vocabulary) add(token string, id int64) error {
	if id < 0 || id >= math.MaxInt32 {
		return fmt.Errorf("token %q has the number %d: want 0 or more, in 31 bits", token, id)
	}
	if first, ok := v.ids[token]; ok {
		return fmt.Errorf("token %q stands twice, with the numbers %d and %d: want it once", token, first, id)
	}
	if other, ok := v.tokens[int32(id)]; ok {
		return fmt.Errorf("tokens %q and %q have the number %d: want different numbers", other, token, id)
	}
	v.ids[token], v.tokens[int32(id)] = int32(id), token
	return nil
}

// UnmarshalJSON reads an object of numbers by their tokens, each once.
func (v *vocabulary) UnmarshalJSON(b []byte) error {
	*v = vocabulary{map[string]int32{}, map[int32]string{}}
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.New("vocab: want an object of numbers by their tokens")
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		var id int64
		if err := d.Decode(&id); err != nil {
			return fmt.Errorf("vocab: token %q: want a whole number", t)
		}
		if err := v.add(t.(string), id); err != nil {
			return fmt.Errorf("vocab: %w", err)
		}
	}
	return nil
}

// MarshalJSON writes the tokens in the order of their numbers.
func (v *vocabulary) MarshalJSON() ([]byte, error) {
	ids := make([]int32, 0, len(v.tokens))
	for id := range v.tokens {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var b bytes.Buffer
	b.WriteByte('{')
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(quoted(v.tokens[id]))
		fmt.Fprintf(&b, ":%d", id)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// quoted returns a JSON string, with &, < and > as they are.
func quoted(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil { // strings have no errors
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func joined(tokens []string) string { return strings.Join(tokens, " ") }
