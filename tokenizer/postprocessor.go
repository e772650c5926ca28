package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
)

// postProcessor puts special tokens around those of a text, or of two.
type postProcessor interface {
	process(a, b []int32, pair bool) (ids, segments []int32)
	// extra returns how many tokens process adds.
	extra(pair bool) int
}

// postProcessors are the kinds that a tokenizer.json may name, as they are where the file says nothing.
var postProcessors = map[string]func() postProcessor{
	"ByteLevel":          func() postProcessor { return newByteLevel() },
	"BertProcessing":     func() postProcessor { return &bertProcessing{Type: "BertProcessing"} },
	"RobertaProcessing":  func() postProcessor { return &robertaProcessing{Type: "RobertaProcessing"} },
	"TemplateProcessing": func() postProcessor { return &template{Type: "TemplateProcessing"} },
	"Sequence":           func() postProcessor { return &postSequence{Type: "Sequence"} },
}

// process implements postProcessor: byte-level BPE adds nothing.
func (*byteLevel) process(a, b []int32, pair bool) (ids, segments []int32) {
	return append(a, b...), append(make([]int32, len(a)), repeated(1, len(b))...)
}

func (*byteLevel) extra(bool) int { return 0 }

// named is a token with its number, ["[CLS]", 101].
type named struct {
	token string
	id    int32
}

func (n *named) UnmarshalJSON(b []byte) error {
	two := [2]any{&n.token, &n.id}
	raw := []json.RawMessage{}
	if err := json.Unmarshal(b, &raw); err != nil || len(raw) != 2 {
		return errors.New("want a token and its number")
	}
	for i := range two {
		if err := json.Unmarshal(raw[i], two[i]); err != nil {
			return fmt.Errorf("%.40s: want a token and its number", b)
		}
	}
	return nil
}

func (n named) MarshalJSON() ([]byte, error) {
	return []byte(fmt.Sprintf("[%s,%d]", quoted(n.token), n.id)), nil
}

// bertProcessing makes [CLS] a [SEP] b [SEP].
type bertProcessing struct {
	Type string `json:"type"`
	Sep  named  `json:"sep"`
	Cls  named  `json:"cls"`
}

func (p *bertProcessing) process(a, b []int32, pair bool) (ids, segments []int32) {
	ids = append(append(append(ids, p.Cls.id), a...), p.Sep.id)
	segments = make([]int32, len(ids))
	if pair {
		ids = append(append(ids, b...), p.Sep.id)
		segments = append(segments, repeated(1, len(b)+1)...)
	}
	return ids, segments
}

func (p *bertProcessing) extra(pair bool) int {
	if pair {
		return 3
	}
	return 2
}

// robertaProcessing makes <s> a </s></s> b </s>.
type robertaProcessing struct {
	Type           string `json:"type"`
	Sep            named  `json:"sep"`
	Cls            named  `json:"cls"`
	TrimOffsets    bool   `json:"trim_offsets"`
	AddPrefixSpace bool   `json:"add_prefix_space"`
}

func (p *robertaProcessing) process(a, b []int32, pair bool) (ids, segments []int32) {
	ids = append(append(append(ids, p.Cls.id), a...), p.Sep.id)
	if pair {
		ids = append(append(append(ids, p.Sep.id), b...), p.Sep.id)
	}
	return ids, make([]int32, len(ids))
}

func (p *robertaProcessing) extra(pair bool) int {
	if pair {
		return 4
	}
	return 2
}

// template is a list of pieces for one text, and one for two.
type template struct {
	Type          string                  `json:"type"`
	Single        []piece                 `json:"single"`
	Pair          []piece                 `json:"pair"`
	SpecialTokens map[string]specialToken `json:"special_tokens"`
}

// piece is a special token or a text.
type piece struct {
	SpecialToken *pieceOf `json:"SpecialToken,omitempty"`
	Sequence     *pieceOf `json:"Sequence,omitempty"`
}

type pieceOf struct {
	ID     string `json:"id"`
	TypeID int32  `json:"type_id"`
}

type specialToken struct {
	ID     string   `json:"id"`
	IDs    []int32  `json:"ids"`
	Tokens []string `json:"tokens"`
}

func (t *template) finish() error {
	for _, list := range []struct {
		name   string
		pieces []piece
		texts  string
	}{{"single", t.Single, "A"}, {"pair", t.Pair, "AB"}} {
		seen := ""
		for i, p := range list.pieces {
			switch {
			case (p.SpecialToken == nil) == (p.Sequence == nil):
				return fmt.Errorf("%s: piece %d: want a SpecialToken or a Sequence", list.name, i)
			case p.Sequence != nil && p.Sequence.ID != "A" && p.Sequence.ID != "B":
				return fmt.Errorf("%s: sequence %q: want A or B", list.name, p.Sequence.ID)
			case p.Sequence != nil:
				seen += p.Sequence.ID
			default:
				if _, ok := t.SpecialTokens[p.SpecialToken.ID]; !ok {
					return fmt.Errorf("%s: %q: want it among special_tokens", list.name, p.SpecialToken.ID)
				}
			}
		}
		if seen != list.texts {
			return fmt.Errorf("%s: has the texts %q: want %q, each once and in this order", list.name, seen, list.texts)
		}
	}
	return nil
}

func (t *template) process(a, b []int32, pair bool) (ids, segments []int32) {
	pieces := t.Single
	if pair {
		pieces = t.Pair
	}
	for _, p := range pieces {
		of, kind := a, p.Sequence
		switch {
		case p.SpecialToken != nil:
			of, kind = t.SpecialTokens[p.SpecialToken.ID].IDs, p.SpecialToken
		case p.Sequence.ID == "B":
			of = b
		}
		ids, segments = append(ids, of...), append(segments, repeated(kind.TypeID, len(of))...)
	}
	return ids, segments
}

func (t *template) extra(pair bool) int {
	ids, _ := t.process(nil, nil, pair)
	return len(ids)
}

// postSequence is post-processors one after another, of which one adds tokens.
type postSequence struct {
	Type       string            `json:"type"`
	Processors []json.RawMessage `json:"processors"`

	adds postProcessor
}

func (p *postSequence) finish() error {
	list, err := listOf(p.Processors, postProcessors)
	if err != nil {
		return err
	}
	for _, each := range list {
		if _, ok := each.(*byteLevel); ok {
			continue
		}
		if p.adds != nil {
			return errors.New("two post-processors that add tokens are not supported: want one")
		}
		p.adds = each
	}
	if p.adds == nil {
		p.adds = newByteLevel()
	}
	return nil
}

func (p *postSequence) process(a, b []int32, pair bool) (ids, segments []int32) {
	return p.adds.process(a, b, pair)
}

func (p *postSequence) extra(pair bool) int { return p.adds.extra(pair) }
