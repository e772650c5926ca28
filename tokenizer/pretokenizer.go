package tokenizer

import (
	"encoding/json"
	"unicode"
	"unicode/utf8"
)

// preTokenizer cuts parts of a text into words.
type preTokenizer interface{ words(parts []string) []string }

// preTokenizers are the kinds that a tokenizer.json may name, as they are where the file says nothing.
var preTokenizers = map[string]func() preTokenizer{
	"ByteLevel":        func() preTokenizer { return newByteLevel() },
	"BertPreTokenizer": func() preTokenizer { return &bertWords{"BertPreTokenizer"} },
	"WhitespaceSplit":  func() preTokenizer { return &whitespaceSplit{"WhitespaceSplit"} },
	"Sequence":         func() preTokenizer { return &preSequence{Type: "Sequence"} },
}

type preSequence struct {
	Type          string            `json:"type"`
	Pretokenizers []json.RawMessage `json:"pretokenizers"`

	list []preTokenizer
}

func (p *preSequence) words(parts []string) []string {
	for _, each := range p.list {
		parts = each.words(parts)
	}
	return parts
}

func (p *preSequence) finish() (err error) {
	p.list, err = listOf(p.Pretokenizers, preTokenizers)
	return err
}

type whitespaceSplit struct {
	Type string `json:"type"`
}

func (*whitespaceSplit) words(parts []string) []string {
	return cut(parts, func(rune) bool { return false })
}

// bertWords cuts at white space and around punctuation.
type bertWords struct {
	Type string `json:"type"`
}

func (*bertWords) words(parts []string) []string { return cut(parts, isPunctuation) }

func isPunctuation(r rune) bool {
	return r < utf8.RuneSelf && r > ' ' && !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == 0x7f) || unicode.IsPunct(r)
}

// cut cuts parts at white space and around characters that are words.
func cut(parts []string, alone func(rune) bool) []string {
	var out []string
	for _, part := range parts {
		from := 0
		for i, r := range part {
			space := unicode.IsSpace(r)
			if !space && !alone(r) {
				continue
			}
			if from < i {
				out = append(out, part[from:i])
			}
			from = i + utf8.RuneLen(r)
			if !space {
				out = append(out, part[i:from])
			}
		}
		if from < len(part) {
			out = append(out, part[from:])
		}
	}
	return out
}
