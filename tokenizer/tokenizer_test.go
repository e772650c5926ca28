package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// smallBPE is a tokenizer.json with parts to replace.
const smallBPE = `{"version":"1.0","added_tokens":[],"normalizer":null,"pre_tokenizer":null,"post_processor":null,"decoder":null,
"model":{"type":"BPE","unk_token":null,"vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}`

// TestReadRefused tells what is wrong with a file.
func TestReadRefused(t *testing.T) {
	swap := func(old, new string) string {
		if !strings.Contains(smallBPE, old) {
			t.Fatalf("%q is not in the file", old)
		}
		return strings.Replace(smallBPE, old, new, 1)
	}
	for file, want := range map[string]string{
		"":                                      "EOF",
		"[]":                                    "cannot unmarshal array",
		smallBPE + "1":                          "more behind the JSON value",
		"{}":                                    "model: there is none: want a BPE or WordPiece",
		swap(`"1.0"`, `"2.0"`):                  `version "2.0": want 1.0`,
		swap(`"version"`, `"versions"`):         `unknown field "versions"`,
		swap(`"BPE"`, `"Unigram"`):              `model: type "Unigram" is not supported: want BPE or WordPiece`,
		swap(`"b":1`, `"a":1`):                  `token "a" stands twice, with the numbers 0 and 1: want it once`,
		swap(`"b":1`, `"b":0`):                  `tokens "a" and "b" have the number 0: want different numbers`,
		swap(`"b":1`, `"b":-1`):                 `token "b" has the number -1: want 0 or more`,
		swap(`"b":1`, `"b":3000000000`):         `token "b" has the number 3000000000: want 0 or more, in 31 bits`,
		swap(`"b":1`, `"b":1.5`):                `token "b": want a whole number`,
		swap(`{"a":0,"b":1,"ab":2}`, `{}`):      "vocab: there are no tokens",
		swap(`{"a":0,"b":1,"ab":2}`, `[]`):      "vocab: want an object of numbers",
		swap(`"a b"`, `"ab"`):                   `merge "ab": want two tokens with a space between`,
		swap(`"a b"`, `"b a"`):                  `merge 0: "b" and "a": want both and their union in the vocabulary`,
		swap(`"a b"`, `"a b",["a","b"]`):        `merge 1: "a" and "b" stand twice`,
		swap(`"unk_token":null`, `"dropout":1`): "dropout 1: it is not supported",
		swap(`"unk_token":null`, `"byte_fallback":true`):                                                     "byte_fallback: it is not supported",
		swap(`"unk_token":null`, `"end_of_word_suffix":"</w>"`):                                              `end_of_word_suffix "</w>": it is not supported`,
		swap(`"unk_token":null`, `"unk_token":"?"`):                                                          `unk_token "?": want a token of the vocabulary`,
		swap(`"normalizer":null`, `"normalizer":{"type":"Replace"}`):                                         `normalizer: type "Replace" is not supported: want one of BertNormalizer, `,
		swap(`"normalizer":null`, `"normalizer":{"type":"NFC","form":1}`):                                    `unknown field "form"`,
		swap(`"normalizer":null`, `"normalizer":{"type":"Sequence","normalizers":[null]}`):                   "part 0 is null",
		swap(`"pre_tokenizer":null`, `"pre_tokenizer":{"type":"Metaspace"}`):                                 `pre_tokenizer: type "Metaspace" is not supported`,
		swap(`"decoder":null`, `"decoder":{"type":"Fuse"}`):                                                  `decoder: type "Fuse" is not supported`,
		swap(`"post_processor":null`, `"post_processor":{"type":"BertProcessing","sep":["s"]}`):              "want a token and its number",
		swap(`"post_processor":null`, `"post_processor":{"type":"BertProcessing","sep":["s",9]}`):            "there is no token of number 9",
		swap(`"post_processor":null`, `"post_processor":{"type":"TemplateProcessing","single":[{}]}`):        "single: piece 0: want a SpecialToken or a Sequence",
		swap(`"post_processor":null`, `"post_processor":{"type":"TemplateProcessing","single":[]}`):          `single: has the texts ""`,
		swap(`"added_tokens":[]`, `"added_tokens":[{"id":3,"content":""}]`):                                  "added token 0 is empty",
		swap(`"added_tokens":[]`, `"added_tokens":[{"id":2,"content":"x"}]`):                                 `added token "x" has the number 2 of "ab" in the vocabulary`,
		swap(`"added_tokens":[]`, `"added_tokens":[{"id":3,"content":"a"}]`):                                 `added token "a" has the number 3, and 0 in the vocabulary`,
		swap(`"added_tokens":[]`, `"added_tokens":[{"id":3,"content":"x"},{"id":3,"content":"y"}]`):          `added tokens "x" and "y" have the number 3`,
		swap(`"added_tokens":[]`, `"added_tokens":[{"id":3,"content":"x"},{"id":4,"content":"x"}]`):          `added token "x" stands twice`,
		swap(`"model":{`, `"truncation":{"direction":"Up"},"model":{`):                                       `truncation: direction "Up": want Right or Left`,
		`{"model":{"type":"WordPiece","vocab":{"a":0}}}`:                                                     `unk_token "[UNK]": want a token of the vocabulary`,
		`{"model":{"type":"WordPiece","vocab":{"[UNK]":0},"max_input_chars_per_word":-1}}`:                   "max_input_chars_per_word -1: want 0 or more",
		`{"model":{"type":"WordPiece","vocab":null}}`:                                                        "vocab: there are no tokens",
		`{"model":` + strings.Repeat("[", 1<<16):                                                             "exceeded max depth",
		`{"normalizer":` + strings.Repeat(`{"type":"Sequence","normalizers":[`, 6000) + `]}` + `,"model":1}`: "",
	} {
		tok, err := Read(strings.NewReader(file))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.300s: got %v, error %v, want %q", file, tok, err, want)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.json")); err == nil || !strings.Contains(err.Error(), "none.json") {
		t.Errorf("no file: error %v", err)
	}
	if _, err := BERT([]string{"[UNK]", "[CLS]", "[SEP]", "a", "a"}, true); err == nil || !strings.Contains(err.Error(), `token "a" stands twice, with the numbers 3 and 4`) {
		t.Errorf("a vocabulary with repeats: error %v", err)
	}
	if _, err := BERT([]string{"[UNK]", "[CLS]"}, true); err == nil || !strings.Contains(err.Error(), `no token "[SEP]"`) {
		t.Errorf("no [SEP]: error %v", err)
	}
}

// TestTextRefused tells what is wrong with texts and numbers.
func TestTextRefused(t *testing.T) {
	tok, err := Read(strings.NewReader(smallBPE))
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := tok.Encode("abba"); err != nil || !slices.Equal(ids, []int32{2, 1, 0}) {
		t.Errorf("abba: got %v, error %v, want [2 1 0]", ids, err)
	}
	if text, err := tok.Decode([]int32{2, 1}); err != nil || text != "ab b" {
		t.Errorf("2 1: got %q, error %v, want %q", text, err, "ab b")
	}
	if _, err := tok.Encode("abc"); err == nil || !strings.Contains(err.Error(), "character 'c' has no token") {
		t.Errorf("abc: error %v", err)
	}
	if _, err := tok.Encode("a\xff"); err == nil || !strings.Contains(err.Error(), "not UTF-8") {
		t.Errorf("no UTF-8: error %v", err)
	}
	if _, _, err := tok.EncodePair("a", "\xff"); err == nil || !strings.Contains(err.Error(), "second text: the text is not UTF-8") {
		t.Errorf("no UTF-8: error %v", err)
	}
	for _, id := range []int32{3, -1} {
		if _, err := tok.Decode([]int32{0, id}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("token 1 is number %d: there is none of this number among the 3", id)) {
			t.Errorf("token %d: error %v", id, err)
		}
	}
	if _, err := tok.Encode("a", KeepSpecial); err == nil || !strings.Contains(err.Error(), "want NoSpecial") {
		t.Errorf("KeepSpecial: error %v", err)
	}
	for _, c := range []struct {
		size int
		opt  TrainOption
		want string
	}{{255, MinFrequency(0), "255 tokens: want 256"}, {300, Special("<s>", "<s>"), `token "<s>" stands twice`}, {300, Special(""), "added token 0 is empty"}, {300, Special("a"), `token "a" stands twice`}, {300, TrainOption{}, "option 0 is empty"}} {
		if _, err := Train(slices.Values([]string{"text"}), c.size, c.opt); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	if _, err := Train(slices.Values([]string{"text", "\xff"}), 300); err == nil || !strings.Contains(err.Error(), "text 1 is not UTF-8") {
		t.Errorf("no UTF-8: error %v", err)
	}
	if tok, err := Train(slices.Values([]string{}), 300); err != nil || tok.Len() != 256 {
		t.Errorf("no texts: error %v, want the tokens of bytes", err)
	}
}

// TestLongWord merges a word of a million characters, which takes time in proportion.
func TestLongWord(t *testing.T) {
	tok, err := Read(strings.NewReader(smallBPE))
	if err != nil {
		t.Fatal(err)
	}
	n := 1 << 20
	ids, err := tok.Encode(strings.Repeat("ab", n/2))
	if err != nil || len(ids) != n/2 {
		t.Errorf("%d tokens, error %v, want %d", len(ids), err, n/2)
	}
}

// TestSave writes a learned tokenizer to a file.
func TestSave(t *testing.T) {
	tok, err := Train(slices.Values(corpus(t)), 300, Special("<|end|>"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tokenizer.json")
	if err := tok.Save(path); err != nil {
		t.Fatal(err)
	}
	back, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := tok.Encode("the <|end|> & <b>")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := back.Encode("the <|end|> & <b>"); err != nil || !slices.Equal(ids, again) {
		t.Errorf("got %v, error %v, want %v", again, err, ids)
	}
	if b, _ := os.ReadFile(path); !bytes.Contains(b, []byte(`"<": `)) && !bytes.Contains(b, []byte(`"<":`)) {
		t.Errorf("the file has no < as it is: %.300s", b)
	}
	if n := tok.Numbers(); n != 300 {
		t.Errorf("numbers up to %d, want 300", n)
	}
}

// FuzzRead reads files, and has texts go through those that are tokenizers.
func FuzzRead(f *testing.F) {
	f.Add([]byte(smallBPE), "abba")
	for _, name := range []string{"gpt2", "roberta", "bert", "cased"} {
		b, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, "Hello, world 日本")
	}
	f.Fuzz(func(t *testing.T, b []byte, text string) {
		tok, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		var file bytes.Buffer
		if err := tok.Write(&file); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&file)
		if err != nil {
			t.Fatalf("written again: %v", err)
		}
		ids, err := tok.Encode(text)
		if err != nil {
			return
		}
		if more, err := again.Encode(text); err != nil || !slices.Equal(ids, more) {
			t.Fatalf("%q: got %v, error %v, want %v", text, more, err, ids)
		}
		if _, err := tok.Decode(ids); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzWords has the words of GPT-2's expression make up the text, whatever it is.
func FuzzWords(f *testing.F) {
	for _, s := range []string{"It's  a\n\n test 123!", " \u00a0\u3000x", "'", "''ll"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		b := newByteLevel()
		b.AddPrefixSpace = false
		if got := b.decode(b.words([]string{s})); got != s {
			t.Fatalf("got %q, want %q", got, s)
		}
	})
}

func ExampleTrain() {
	texts := []string{"low lower lowest", "new newer newest"}
	t, err := Train(slices.Values(texts), 262, Special("<|endoftext|>"))
	if err != nil {
		fmt.Println(err)
		return
	}
	ids, _ := t.Encode("newest<|endoftext|>")
	for _, id := range ids {
		token, _ := t.Token(id)
		fmt.Printf("%q ", token)
	}
	text, _ := t.Decode(ids)
	fmt.Println(text)
	// Output: "ne" "we" "st" "<|endoftext|>" newest
}

func ExampleBERT() {
	t, err := BERT([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "!"}, true)
	if err != nil {
		fmt.Println(err)
		return
	}
	ids, _ := t.Encode("Unaffable!")
	text, _ := t.Decode(ids)
	fmt.Println(ids, text)
	// Output: [2 4 5 6 7 3] unaffable!
}

// TestEmpty has a tokenizer that nothing made return an error.
func TestEmpty(t *testing.T) {
	if _, err := json.Marshal(&Tokenizer{}); err == nil || !strings.Contains(err.Error(), "the tokenizer is empty") {
		t.Errorf("error %v", err)
	}
}
