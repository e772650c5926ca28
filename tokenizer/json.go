package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/glia-ml/glia/internal/atomicfile"
)

// decoder makes text of tokens.
type decoder interface{ decode(tokens []string) string }

// decoders are the kinds that a tokenizer.json may name, as they are where the file says nothing.
var decoders = map[string]func() decoder{
	"ByteLevel": func() decoder { return newByteLevel() },
	"WordPiece": func() decoder { return &wordPieceDecoder{"WordPiece", "##", true} },
}

// file is a tokenizer.json.
type file struct {
	Version       string          `json:"version"`
	Truncation    *truncation     `json:"truncation"`
	Padding       json.RawMessage `json:"padding"`
	AddedTokens   []addedToken    `json:"added_tokens"`
	Normalizer    json.RawMessage `json:"normalizer"`
	PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
	PostProcessor json.RawMessage `json:"post_processor"`
	Decoder       json.RawMessage `json:"decoder"`
	Model         json.RawMessage `json:"model"`
}

// mostBytes bounds a tokenizer.json.
const mostBytes = 1 << 28

// Open reads a tokenizer.json, see [Read].
func Open(path string) (*Tokenizer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	defer f.Close()
	t, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", path, err)
	}
	return t, nil
}

// Read reads a tokenizer.json: a model BPE or WordPiece, with the normalizers BertNormalizer, NFC, NFD, NFKC, NFKD,
// Lowercase, StripAccents, the pre-tokenizers ByteLevel, BertPreTokenizer, WhitespaceSplit, the post-processors
// ByteLevel, BertProcessing, RobertaProcessing, TemplateProcessing, sequences of these, and the decoders ByteLevel
// and WordPiece. Padding is kept for Write and otherwise ignored: data.PadSequences and data.PaddedBatches pad.
//
// It returns an error if the file is over 256 MB or is not such JSON, if it names something else, or if tokens or
// their numbers repeat.
func Read(r io.Reader) (*Tokenizer, error) {
	t, err := read(r)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	return t, nil
}

func read(r io.Reader) (*Tokenizer, error) {
	b, err := io.ReadAll(io.LimitReader(r, mostBytes+1))
	if err != nil {
		return nil, err
	}
	if len(b) > mostBytes {
		return nil, fmt.Errorf("more than %d bytes: want a smaller file", mostBytes)
	}
	var f file
	if err := strict(b, &f); err != nil {
		return nil, err
	}
	if f.Version != "" && !strings.HasPrefix(f.Version, "1.") {
		return nil, fmt.Errorf("version %q: want 1.0", f.Version)
	}
	return f.tokenizer()
}

// strict decodes JSON, all of whose members are known.
func strict(b []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if d.More() {
		return errors.New("more behind the JSON value: want one")
	}
	return nil
}

// tokenizer returns the tokenizer of a file.
func (f *file) tokenizer() (*Tokenizer, error) {
	t := &Tokenizer{truncation: f.Truncation, padding: f.Padding}
	if t.truncation != nil {
		if err := t.truncation.check(); err != nil {
			return nil, fmt.Errorf("truncation: %w", err)
		}
	}
	var err error
	if t.model, err = readModel(f.Model); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if t.normalizer, err = partOf(f.Normalizer, normalizers); err != nil {
		return nil, fmt.Errorf("normalizer: %w", err)
	}
	if t.pre, err = partOf(f.PreTokenizer, preTokenizers); err != nil {
		return nil, fmt.Errorf("pre_tokenizer: %w", err)
	}
	if t.post, err = partOf(f.PostProcessor, postProcessors); err != nil {
		return nil, fmt.Errorf("post_processor: %w", err)
	}
	if t.decoder, err = partOf(f.Decoder, decoders); err != nil {
		return nil, fmt.Errorf("decoder: %w", err)
	}
	if t.added, err = newAdded(f.AddedTokens, t.model.vocabulary(), t.normalizer); err != nil || t.post == nil {
		return t, err
	}
	for _, pair := range []bool{false, true} {
		ids, _ := t.post.process(nil, nil, pair)
		for _, id := range ids {
			if _, ok := t.Token(id); !ok {
				return nil, fmt.Errorf("post_processor: there is no token of number %d: want its tokens in the vocabulary", id)
			}
		}
	}
	return t, nil
}

func none(b []byte) bool { return len(b) == 0 || string(b) == "null" }

// typeOf returns the type that an object names.
func typeOf(b []byte) (string, error) {
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(b, &kind); err != nil {
		return "", fmt.Errorf("%.40s: want an object with a type", b)
	}
	return kind.Type, nil
}

// partOf returns a part of a tokenizer, nil if the file has none.
func partOf[T any](b []byte, of map[string]func() T) (part T, err error) {
	if none(b) {
		return part, nil
	}
	kind, err := typeOf(b)
	if err != nil {
		return part, err
	}
	make, ok := of[kind]
	if !ok {
		return part, fmt.Errorf("type %q is not supported: want one of %s", kind, strings.Join(slices.Sorted(maps.Keys(of)), ", "))
	}
	made := make()
	if err := strict(b, made); err != nil {
		return part, fmt.Errorf("%s: %w", kind, err)
	}
	if f, ok := any(made).(interface{ finish() error }); ok {
		if err := f.finish(); err != nil {
			return part, fmt.Errorf("%s: %w", kind, err)
		}
	}
	return made, nil
}

// listOf returns the parts of a sequence.
func listOf[T any](raw []json.RawMessage, of map[string]func() T) ([]T, error) {
	var list []T
	for i, b := range raw {
		if none(b) {
			return nil, fmt.Errorf("part %d is null: want an object with a type", i)
		}
		part, err := partOf(b, of)
		if err != nil {
			return nil, err
		}
		list = append(list, part)
	}
	return list, nil
}

// readModel returns a model. Files from before 0.10 name no type.
func readModel(b []byte) (model, error) {
	if none(b) {
		return nil, errors.New("there is none: want a BPE or WordPiece")
	}
	kind, err := typeOf(b)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "BPE":
		f := &bpeFile{}
		if err := strict(b, f); err != nil {
			return nil, err
		}
		return f.model()
	case "WordPiece":
		f := &wordPieceFile{UnkToken: "[UNK]", ContinuingSubwordPrefix: "##", MaxInputCharsPerWord: 100}
		if err := strict(b, f); err != nil {
			return nil, err
		}
		return f.model()
	}
	return nil, fmt.Errorf("type %q is not supported: want BPE or WordPiece", kind)
}

// Write writes the tokenizer as a tokenizer.json, which HuggingFace's tokenizers open.
func (t *Tokenizer) Write(w io.Writer) error {
	b, err := t.MarshalJSON()
	if err == nil {
		var indented bytes.Buffer
		if err = json.Indent(&indented, b, "", "  "); err == nil {
			_, err = w.Write(append(indented.Bytes(), '\n'))
		}
	}
	if err != nil {
		return fmt.Errorf("tokenizer: Write: %w", err)
	}
	return nil
}

// Save writes the tokenizer to a file, as [Tokenizer.Write] does: whole, or not at all.
func (t *Tokenizer) Save(path string) error { return atomicfile.Write(path, t.Write) }

// MarshalJSON returns the tokenizer as a tokenizer.json.
func (t *Tokenizer) MarshalJSON() ([]byte, error) {
	f := file{Version: "1.0", Truncation: t.truncation, Padding: t.padding, AddedTokens: t.added.list}
	if f.AddedTokens == nil {
		f.AddedTokens = []addedToken{}
	}
	model, ok := t.model.(interface{ file() any })
	if !ok {
		return nil, errors.New("the tokenizer is empty: want one that this package made")
	}
	for _, part := range []struct {
		of any
		to *json.RawMessage
	}{{t.normalizer, &f.Normalizer}, {t.pre, &f.PreTokenizer}, {t.post, &f.PostProcessor}, {t.decoder, &f.Decoder}, {model.file(), &f.Model}} {
		b, err := plain(part.of)
		if err != nil {
			return nil, err
		}
		*part.to = b
	}
	return plain(f)
}

// plain returns v as JSON, with &, < and > as they are.
func plain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
