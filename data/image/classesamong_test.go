package image_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/data/image"
)

// TestClassesAmong numbers classes as a model has them, whatever the order of the folders.
func TestClassesAmong(t *testing.T) {
	dir := grow(t, []string{"cat/1.png", "cat/2.png", "dog/1.png"}, nil)
	f, err := image.OpenFolder(dir, small, image.ClassesAmong("dog", "../cat", "cat", "."))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := labels(t, f), []int32{0, 2, 2}; !slices.Equal(got, want) {
		t.Errorf("labels %v of %v, want %v", got, inside(t, dir, f), want)
	}
	if got := f.Classes(); len(got) != 4 || got[0] != "dog" {
		t.Errorf("classes %q", got)
	}
	for _, c := range []struct {
		opts []image.FolderOption
		want string
	}{
		{[]image.FolderOption{image.ClassesAmong("dog", "bird")}, `folders ["cat"] in `},
		{[]image.FolderOption{image.ClassesAmong("cat", "dog", "cat")}, `class "cat": two of the 3 classes have the name`},
		{[]image.FolderOption{image.ClassesAmong("cat", "dog"), image.Classes("cat", "dog")}, "Classes and ClassesAmong: want one of them"},
		{[]image.FolderOption{image.ClassesAmong("cat", "dog"), image.Labels(image.NoLabels)}, "ClassesAmong with NoLabels"},
		{[]image.FolderOption{image.ClassesAmong("cat")}, `folders ["dog"]`},
	} {
		if _, err := image.OpenFolder(dir, small, c.opts...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	for _, tree := range [][]string{{"cat/note.txt", "dog/1.png"}, {"note.txt"}} {
		if _, err := image.OpenFolder(grow(t, tree, nil), small, image.ClassesAmong("cat", "dog", "bird")); err == nil || !strings.Contains(err.Error(), "no pictures in folders") {
			t.Errorf("%q: error %v", tree, err)
		}
	}
}
