// Package text reads folders of texts. Tensors hold numbers: preprocess.TextVectorization and package tokenizer make
// them of the texts.
package text

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/glia-ml/glia/internal/mt19937"
	"github.com/glia-ml/glia/tensor"
)

// Folder is the texts in a directory that has a folder for each class. It holds their names alone; texts are read
// when they are asked for. A Folder never changes.
type Folder struct {
	dir     string
	classes []string
	files   []labeled
	ignored []string
	most    int64 // bytes of a text
	cut     bool  // longer ones
}

// labeled is a file, by its name in the directory, and the number of its class.
type labeled struct {
	name  string
	class int32
}

// Option is an option of [OpenFolder].
type Option struct{ set func(*Folder) }

// Classes sets the classes and their order: names of some of the folders, or all.
func Classes(names ...string) Option {
	return Option{func(f *Folder) { f.classes = slices.Clone(names) }}
}

// MaxBytes cuts texts behind so many bytes, before a character that does not end there: Keras's max_length, which
// cuts characters, too.
func MaxBytes(n int64) Option { return Option{func(f *Folder) { f.most, f.cut = n, true }} }

// mostBytes bounds a text that is not cut.
const mostBytes = 1 << 26

// OpenFolder lists the texts of a directory: files whose names end in .txt, in capitals or not. Classes are the folders
// in it, but for hidden ones, in the order of their names' bytes; the texts of folders in a class's folder belong to it.
// Other files are ignored, and [Folder.Ignored] lists them.
//
// Options: [Classes], [MaxBytes].
//
// It returns an error if there is one class or a class without texts, or if a class that Classes names has no folder.
//
// Source: keras.utils.text_dataset_from_directory.
func OpenFolder(dir string, opts ...Option) (*Folder, error) {
	f := &Folder{dir: dir, most: mostBytes}
	for i, o := range opts {
		if o.set == nil {
			return nil, fmt.Errorf("text: OpenFolder: option %d is empty: want one that text made", i)
		}
		o.set(f)
	}
	if err := f.list(); err != nil {
		return nil, fmt.Errorf("text: OpenFolder: %w", err)
	}
	return f, nil
}

// list finds the classes and their texts.
func (f *Folder) list() error {
	if f.most < 1 {
		return fmt.Errorf("MaxBytes(%d): want 1 or more", f.most)
	}
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return err
	}
	var found []string
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(f.dir, e.Name())) // a link to a folder is one
		switch {
		case err == nil && info.IsDir() && !strings.HasPrefix(e.Name(), "."):
			found = append(found, e.Name())
		case err == nil && !info.IsDir():
			f.ignored = append(f.ignored, e.Name())
		}
	}
	slices.Sort(found)
	for i, name := range f.classes {
		if !slices.Contains(found, name) || slices.Contains(f.classes[:i], name) {
			return fmt.Errorf("class %q: want folders of %q, each once: there are %q", name, f.dir, found)
		}
	}
	if f.classes == nil {
		f.classes = found
	}
	if len(f.classes) < 2 {
		return fmt.Errorf("%d folders of classes in %q %q: want two or more", len(f.classes), f.dir, f.classes)
	}
	var empty []string
	for i, name := range f.classes {
		n := len(f.files)
		if err := f.walk(name, int32(i)); err != nil {
			return err
		}
		if len(f.files) == n {
			empty = append(empty, name)
		}
	}
	if empty != nil {
		return fmt.Errorf("no texts in folders %q of %q: want files that end in .txt in each", empty, f.dir)
	}
	return nil
}

// walk adds the texts of a folder, then those of the folders in it.
func (f *Folder) walk(folder string, class int32) error {
	entries, err := os.ReadDir(filepath.Join(f.dir, folder)) // in the order of names
	if err != nil {
		return err
	}
	var inner []string
	for _, e := range entries {
		name := filepath.Join(folder, e.Name())
		switch {
		case e.IsDir():
			inner = append(inner, name)
		case strings.EqualFold(filepath.Ext(name), ".txt") && e.Type()&(os.ModeDevice|os.ModeNamedPipe|os.ModeSocket) == 0:
			f.files = append(f.files, labeled{name, class})
		default:
			f.ignored = append(f.ignored, name)
		}
	}
	for _, name := range inner {
		if err := f.walk(name, class); err != nil {
			return err
		}
	}
	return nil
}

// Len returns the number of texts.
func (f *Folder) Len() int { return len(f.files) }

// Classes returns the names of the classes by their numbers.
func (f *Folder) Classes() []string { return slices.Clone(f.classes) }

// Ignored returns the names of files that are no texts by their names.
func (f *Folder) Ignored() []string { return slices.Clone(f.ignored) }

// Name returns the name of text i in the directory. It panics unless there is one, as indexing does.
func (f *Folder) Name(i int) string { return f.files[i].name }

// Labels returns the numbers of the texts' classes, int32 [n].
func (f *Folder) Labels() *tensor.Tensor {
	t := tensor.New(tensor.Int32, len(f.files))
	for i, file := range f.files {
		tensor.Data[int32](t)[i] = file.class
	}
	return t
}

// Read returns text i. It returns an error that names the file and the byte if the text is not UTF-8, as one in Latin-1
// or UTF-16 is not, or if it is longer than 64 MB and there is no [MaxBytes]. A byte order mark of UTF-8 is dropped.
// It panics unless there is such a text, as indexing does.
func (f *Folder) Read(i int) (string, error) {
	name := f.files[i].name
	s, err := f.read(name)
	if err != nil {
		return "", fmt.Errorf("text: %q: %w", name, err)
	}
	return s, nil
}

func (f *Folder) read(name string) (string, error) {
	file, err := os.Open(filepath.Join(f.dir, name))
	if err != nil {
		return "", err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, f.most+1))
	if err != nil {
		return "", err
	}
	if int64(len(b)) > f.most {
		if !f.cut {
			return "", fmt.Errorf("more than %d bytes: want MaxBytes, which cuts it", f.most)
		}
		b = b[:f.most]
		for n := 1; n < utf8.UTFMax && n <= len(b); n++ { // a character that does not end
			if c := b[len(b)-n]; utf8.RuneStart(c) {
				if !utf8.FullRune(b[len(b)-n:]) {
					b = b[:len(b)-n]
				}
				break
			}
		}
	}
	s := string(b)
	for at, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[at:], "\uFFFD") {
			if strings.HasPrefix(s, "\xff\xfe") || strings.HasPrefix(s, "\xfe\xff") {
				return "", errors.New("the text is UTF-16: want UTF-8")
			}
			return "", fmt.Errorf("byte %d is %#x, which is not UTF-8: want text in UTF-8", at, s[at])
		}
	}
	return strings.TrimPrefix(s, "\uFEFF"), nil
}

// All returns all texts, as [Folder.Read] does each.
func (f *Folder) All() ([]string, error) {
	all := make([]string, len(f.files))
	for i := range all {
		s, err := f.Read(i)
		if err != nil {
			return nil, err
		}
		all[i] = s
	}
	return all, nil
}

// Texts returns the texts one by one, so that they need not be in memory at once, with the error of reading each.
func (f *Folder) Texts() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for i := range f.files {
			if !yield(f.Read(i)) {
				return
			}
		}
	}
}

// Split returns the first texts for training and the last for validation, after it has put them in the order of a seed,
// as Keras does with the same seed and validation_split: floor(fraction·n) are for validation. It returns an error if
// that leaves one of the two without texts.
func (f *Folder) Split(fraction float64, seed uint32) (train, validation *Folder, err error) {
	n := len(f.files)
	if !(fraction > 0 && fraction < 1) {
		return nil, nil, fmt.Errorf("text: Folder.Split: fraction %v: want more than 0 and less than 1", fraction)
	}
	at := n - int(math.Floor(fraction*float64(n)))
	if at == 0 || at == n {
		return nil, nil, fmt.Errorf("text: Folder.Split: %d texts at fraction %v: got %d for training and %d for validation, want 1 or more of each", n, fraction, at, n-at)
	}
	files := slices.Clone(f.files)
	mt19937.New(seed).Shuffle(n, func(i, j int) { files[i], files[j] = files[j], files[i] })
	first, last := *f, *f
	first.files, last.files = files[:at:at], files[at:]
	return &first, &last, nil
}
