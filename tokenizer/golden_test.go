package tokenizer

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// goldenCase is what HuggingFace's tokenizers 0.23.3 makes of a text, see testdata/golden.py.
type goldenCase struct {
	Text, Decoded, Kept string
	IDs, Bare           []int32
}

type goldenPair struct {
	First, Second string
	IDs, Segments []int32
}

type goldenTokenizer struct {
	Texts  []goldenCase
	Pairs  []goldenPair
	Size   int
	Vocab  map[string]int32
	Merges [][2]string
}

func golden(t *testing.T) map[string]goldenTokenizer {
	t.Helper()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]goldenTokenizer{}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestGolden encodes and decodes as HuggingFace's tokenizers do, as read and as written again.
func TestGolden(t *testing.T) {
	all := golden(t)
	for _, name := range []string{"gpt2", "roberta", "bert", "cased"} {
		want := all[name]
		read, err := Open("testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := read.Write(&file); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&file)
		if err != nil {
			t.Fatalf("%s written again: %v", name, err)
		}
		for _, tok := range []*Tokenizer{read, again} {
			if tok.Len() != want.Size {
				t.Errorf("%s: got %d tokens, want %d", name, tok.Len(), want.Size)
			}
			for _, c := range want.Texts {
				ids, err := tok.Encode(c.Text)
				if err != nil || !slices.Equal(ids, c.IDs) {
					t.Errorf("%s: Encode(%q): got %v, error %v, want %v", name, c.Text, ids, err, c.IDs)
				}
				if ids, err = tok.Encode(c.Text, NoSpecial); err != nil || !slices.Equal(ids, c.Bare) {
					t.Errorf("%s: Encode(%q, NoSpecial): got %v, error %v, want %v", name, c.Text, ids, err, c.Bare)
				}
				if text, err := tok.Decode(c.IDs); err != nil || text != c.Decoded {
					t.Errorf("%s: Decode of %q: got %q, error %v, want %q", name, c.Text, text, err, c.Decoded)
				}
				if text, err := tok.Decode(c.IDs, KeepSpecial); err != nil || text != c.Kept {
					t.Errorf("%s: Decode of %q, KeepSpecial: got %q, error %v, want %q", name, c.Text, text, err, c.Kept)
				}
			}
			for _, p := range want.Pairs {
				ids, segments, err := tok.EncodePair(p.First, p.Second)
				if err != nil || !slices.Equal(ids, p.IDs) || !slices.Equal(segments, p.Segments) {
					t.Errorf("%s: EncodePair(%q, %q): got %v, %v, error %v, want %v, %v", name, p.First, p.Second, ids, segments, err, p.IDs, p.Segments)
				}
			}
		}
	}
}

// corpus returns the lines that the golden tokenizers were learned from.
func corpus(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/corpus.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(b), "\n")
}

// TestTrain learns the vocabularies that HuggingFace's BpeTrainer learns.
func TestTrain(t *testing.T) {
	lines := corpus(t)
	gpt2, err := Open("testdata/gpt2.json")
	if err != nil {
		t.Fatal(err)
	}
	tok, err := Train(slices.Values(lines), 420, Special("<|endoftext|>"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tok.model.(*bpe), gpt2.model.(*bpe); !maps.Equal(got.v.ids, want.v.ids) || !slices.Equal(got.merges, want.merges) {
		t.Errorf("420 tokens: other ones than HuggingFace's:\n%v\n%v", got.merges, want.merges)
	}
	want := golden(t)["trained"]
	tok, err = Train(slices.Values(lines), 2000, Special("<s>", "</s>"), MinFrequency(3))
	if err != nil {
		t.Fatal(err)
	}
	got := tok.model.(*bpe)
	if !maps.Equal(got.v.ids, want.Vocab) || len(got.merges) != len(want.Merges) {
		t.Errorf("pairs met three times: %d tokens, %d merges, want HuggingFace's %d and %d", len(got.v.ids), len(got.merges), len(want.Vocab), len(want.Merges))
	}
	for _, text := range append(lines, "\x00\u007f\U0010ffff any text <s> at all\n\n") {
		ids, err := tok.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := tok.Decode(ids, KeepSpecial); err != nil || back != text {
			t.Errorf("%q: came back as %q, error %v", text, back, err)
		}
	}
}
