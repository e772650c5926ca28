// Package tokenizer turns text into the numbers of tokens and back: byte-level BPE, GPT-2's, and
// WordPiece, BERT's. It reads tokenizer.json, the file of HuggingFace's tokenizers, and writes it, and
// learns a byte-level BPE from texts.
//
//	t, err := tokenizer.Open("tokenizer.json")
//	ids, err := t.Encode("Hello, world")
//	text, err := t.Decode(ids)
//
// A text goes through four stages, each of which the file names: a normalizer changes the text, a
// pre-tokenizer cuts it into words, a model cuts these into tokens, and a post-processor puts special
// tokens around them. A decoder makes text of tokens. What this package does not support it refuses when
// it reads the file: nothing is skipped.
//
// Source: https://github.com/huggingface/tokenizers, version 0.23.
package tokenizer
