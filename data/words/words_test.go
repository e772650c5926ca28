package words

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestLoad has what load_data of Keras 3.15.1 returns, see testdata/golden.py.
func TestLoad(t *testing.T) {
	var cases []struct {
		File  string
		Args  map[string]*float64
		X, XT [][]int32
		Y, YT []int64
	}
	b, err := os.ReadFile("testdata/golden.json")
	if err == nil {
		err = json.Unmarshal(b, &cases)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		var opts []Option
		for name, v := range c.Args {
			switch n := 0; {
			case v == nil && name == "start_char":
				opts = append(opts, NoStartChar)
			case v == nil:
				opts = append(opts, DropOOV)
			case name == "test_split":
				opts = append(opts, TestSplit(*v))
			default:
				n = int(*v)
				opts = append(opts, map[string]Option{"num_words": NumWords(n), "skip_top": SkipTop(n), "maxlen": MaxLength(n), "seed": Seed(uint32(n)), "start_char": StartChar(n), "oov_char": OOVChar(n), "index_from": IndexFrom(n)}[name])
			}
		}
		train, test, err := Load("testdata/"+c.File+".npz", opts...)
		if err != nil {
			t.Fatalf("%s %v: %v", c.File, c.Args, err)
		}
		if !same(train, c.X, c.Y) || !same(test, c.XT, c.YT) {
			t.Errorf("%s %v: got %v, %v, want %v %v, %v %v", c.File, c.Args, train, test, c.X, c.Y, c.XT, c.YT)
		}
	}
	train, _, err := Load("testdata/imdb.npz", NumWords(100))
	if err != nil {
		t.Fatal(err)
	}
	padded, err := train.Padded(10)
	if err != nil || padded.Len() != 30 || padded.X().Shape().At(1) != 10 {
		t.Errorf("padded: %v, error %v", padded, err)
	}
	if batches, err := train.Batches(); err != nil || batches.Len() != 30 {
		t.Errorf("batches: %v, error %v", batches, err)
	}
}

func same(s *Set, x [][]int32, y []int64) bool {
	return fmt.Sprint(s.X) == fmt.Sprint(x) && reflect.DeepEqual(s.Y, y)
}

// npy returns an array file.
func npy(header, content string) []byte {
	return []byte("\x93NUMPY\x01\x00" + string([]byte{byte(len(header)), byte(len(header) >> 8)}) + header + content)
}

const objects = "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }\n"

// older is the form of protocol 2, in which published files are.
const older = "\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85q\x03U\x01bq\x04\x87q\x05Rq\x06(K\x01K\x02\x85q\x07cnumpy\ndtype\nq\x08U\x02O8q\x09K\x00K\x01\x87q\x0aRq\x0b(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tq\x0cb\x89]q\x0d(]q\x0e(K\x01M\x2c\x01J\x70\x11\x01\x00e]q\x0fK\x05aetb."

// TestLists reads pickled lists, and tells what is none.
func TestLists(t *testing.T) {
	x, err := readLists(npy(objects, older))
	if want := [][]int32{{1, 300, 70000}, {5}}; err != nil || !reflect.DeepEqual(x, want) {
		t.Errorf("protocol 2: got %v, error %v, want %v", x, err, want)
	}
	for content, want := range map[string]string{
		"":                                 "it ends early",
		older[:90]:                         "it ends early",
		older + "N":                        "want one array, and nothing behind",
		"N.":                               "want one array",
		"cos\nsystem\n(U\x04lsqqtR.":       `"system" of "os": want numpy's ndarray, dtype and _reconstruct alone`,
		"\x8c\x08builtins\x8c\x04eval\x93": `"eval" of "builtins"`,
		"cnumpy\ndtype\n)R.":               "a call of dtype with other arguments",
		"]N.":                              "want one array",
		"]q\x00h\x00ah\x01.":               "an opcode without what it takes",
		"e":                                "an opcode without what it takes",
		"(]e":                              "an opcode without what it takes",
		"\x8a\x09aaaaaaaaa":                "a number of 9 bytes",
		"X\xff\xff\xff\x7f":                "it ends early",
		"i":                                "opcode 0x69",
		strings.Replace(older, "K\x05a", "J\xff\xff\xff\xffa", 1):    "no number from 0",
		strings.Replace(older, "K\x05a", "]a", 1):                    "list 1 holds lists",
		strings.Replace(older, "]q\x0fK\x05a", "K\x05", 1):           "1 lists, and 1 numbers beside: want 2 lists",
		strings.Replace(older, "]q\x0fK\x05a", "h\x0eh\x0eh\x0e", 1): "4 lists",
	} {
		if x, err := readLists(npy(objects, content)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, error %v, want %q", content, x, err, want)
		}
	}
	for header, want := range map[string]string{
		strings.Replace(objects, "|O", "<f4", 1):      `type "<f4": want |O`,
		strings.Replace(objects, "(2,)", "(3,)", 1):   "2 lists, and 0 numbers beside: want 3",
		strings.Replace(objects, "(2,)", "(2, 1)", 1): "want an array of one axis",
	} {
		if x, err := readLists(npy(header, older)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, error %v, want %q", header, x, err, want)
		}
	}
}

// TestLoadRefused tells what is wrong with files and options.
func TestLoadRefused(t *testing.T) {
	dir := t.TempDir()
	labels := npy("{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }\n", "\x01\x00\x00\x00")
	write := func(name string, members map[string][]byte) string {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for name, content := range members {
			w, err := z.Create(name)
			if err == nil {
				_, err = w.Write(content)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const good = "testdata/imdb.npz"
	for _, c := range []struct {
		path, want string
		opt        Option
	}{
		{filepath.Join(dir, "none.npz"), "none.npz", NumWords(9)},
		{write("a.npz", map[string][]byte{"x.npy": npy(objects, older)}), "no y.npy in the archive", NumWords(9)},
		{write("b.npz", map[string][]byte{"x.npy": npy(objects, older), "y.npy": labels}), "x.npy has 2 texts, y.npy 1 labels", NumWords(9)},
		{write("c.npz", map[string][]byte{"x.npy": npy(objects, older), "y.npy": npy(objects, older)}), `y.npy: `, NumWords(9)},
		{good, "NumWords(-1): want 0 or more", NumWords(-1)},
		{good, "IndexFrom(4000000000)", IndexFrom(4000000000)},
		{good, "TestSplit(1)", TestSplit(1)},
		{good, "0 texts for training", MaxLength(1)},
		{good, "option 0 is empty", Option{}},
	} {
		if _, _, err := Load(c.path, c.opt); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.path, err, c.want)
		}
	}
	for content, want := range map[string]string{"": "unexpected end", "{}": "no words", `{"a":"b"}`: "cannot unmarshal"} {
		path := filepath.Join(dir, "index.json")
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if index, err := LoadIndex(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, error %v, want %q", content, index, err, want)
		}
	}
}

// FuzzLists reads damaged lists: an error or lists, and no more numbers than bytes.
func FuzzLists(f *testing.F) {
	f.Add([]byte(older))
	f.Fuzz(func(t *testing.T, content []byte) {
		x, err := readLists(npy(objects, string(content)))
		n := 0
		for _, each := range x {
			n += len(each)
		}
		if err == nil && n > len(content) {
			t.Fatalf("%d numbers in %d bytes", n, len(content))
		}
	})
}
