package text

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folderOf writes files and returns their directory.
func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var reviews = map[string]string{"pos/a.txt": "good", "pos/c.TXT": "fine", "pos/deep/b.txt": "\uFEFFgreat é", "neg/x.txt": "bad", "neg/notes.md": "", "readme": "", ".git/x.txt": "no"}

// TestFolder reads texts with their classes.
func TestFolder(t *testing.T) {
	f, err := OpenFolder(folderOf(t, reviews))
	if err != nil {
		t.Fatal(err)
	}
	all, err := f.All()
	if want := []string{"bad", "good", "fine", "great é"}; err != nil || !slices.Equal(all, want) {
		t.Errorf("got %q, error %v, want %q", all, err, want)
	}
	if got := f.Labels().Int64s(); !slices.Equal(got, []int64{0, 1, 1, 1}) || !slices.Equal(f.Classes(), []string{"neg", "pos"}) {
		t.Errorf("labels %v of %q", got, f.Classes())
	}
	if got := f.Ignored(); !slices.Equal(got, []string{"readme", filepath.Join("neg", "notes.md")}) {
		t.Errorf("ignored %q", got)
	}
	short, err := OpenFolder(folderOf(t, map[string]string{"a/1.txt": "xé", "b/1.txt": "日本"}), MaxBytes(2), Classes("b", "a"))
	if err != nil {
		t.Fatal(err)
	}
	if all, err = short.All(); err != nil || !slices.Equal(all, []string{"", "x"}) {
		t.Errorf("two bytes: got %q, error %v", all, err)
	}
	for s, err := range f.Texts() {
		if s != "bad" || err != nil {
			t.Errorf("first text %q, error %v", s, err)
		}
		break
	}
}

// TestSplit has the order of Keras 3.15.1: RandomState(1).shuffle of five files.
func TestSplit(t *testing.T) {
	f, err := OpenFolder(folderOf(t, map[string]string{"a/0.txt": "0", "a/1.txt": "1", "a/2.txt": "2", "b/3.txt": "3", "b/4.txt": "4"}))
	if err != nil {
		t.Fatal(err)
	}
	train, validation, err := f.Split(0.4, 1)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := train.All()
	b, _ := validation.All()
	if !slices.Equal(a, []string{"2", "1", "4"}) || !slices.Equal(b, []string{"0", "3"}) {
		t.Errorf("got %q and %q, want 2 1 4 and 0 3", a, b)
	}
	for _, fraction := range []float64{0, 1, 0.1} {
		if _, _, err := f.Split(fraction, 1); err == nil {
			t.Errorf("fraction %v: no error", fraction)
		}
	}
}

// TestFolderRefused tells what is wrong.
func TestFolderRefused(t *testing.T) {
	for want, c := range map[string]struct {
		files map[string]string
		opts  []Option
	}{
		"0 folders of classes":      {map[string]string{"x.txt": ""}, nil},
		"1 folders of classes":      {map[string]string{"a/x.txt": ""}, nil},
		`no texts in folders ["b"]`: {map[string]string{"a/x.txt": "", "b/x.md": ""}, nil},
		`class "c": want folders`:   {map[string]string{"a/x.txt": "", "b/x.txt": ""}, []Option{Classes("a", "c")}},
		"MaxBytes(0)":               {map[string]string{"a/x.txt": "", "b/x.txt": ""}, []Option{MaxBytes(0)}},
		"option 0 is empty":         {map[string]string{"a/x.txt": "", "b/x.txt": ""}, []Option{{}}},
	} {
		if _, err := OpenFolder(folderOf(t, c.files), c.opts...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := OpenFolder(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("no directory: no error")
	}
	f, err := OpenFolder(folderOf(t, map[string]string{"a/latin.txt": "caf\xe9", "b/wide.txt": "\xff\xfea\x00", "b/zero.txt": ""}))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`latin.txt": byte 3 is 0xe9, which is not UTF-8`, `wide.txt": the text is UTF-16: want UTF-8`} {
		if _, err := f.Read(i); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if s, err := f.Read(2); s != "" || err != nil {
		t.Errorf("an empty text: got %q, error %v", s, err)
	}
}
