package cifar

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/fetch"
	"github.com/glia-ml/glia/tensor"
)

// small returns an archive like a with few pictures, and its content: picture i of all has the
// labels i and i+1, and pixels of which channel c is 10i+c, but for the first of each, c.
func small(t *testing.T, a archive, change func(member string, b []byte) []byte) (archive, []byte) {
	t.Helper()
	a.each, a.tests = 2, 3
	var content bytes.Buffer
	z := gzip.NewWriter(&content)
	w := tar.NewWriter(z)
	i := 0
	for m, name := range append(slices.Clone(a.train), "readme.html", a.test) {
		n := map[bool]int{true: a.tests, false: a.each}[m > len(a.train)]
		var b []byte
		for range n {
			for l := range a.labels {
				b = append(b, byte(i+l))
			}
			for c := range channels {
				plane := bytes.Repeat([]byte{byte(10*i + c)}, side*side)
				plane[0] = byte(c)
				b = append(b, plane...)
			}
			if name != "readme.html" {
				i++
			}
		}
		if change != nil {
			b = change(name, b)
		}
		if b == nil {
			continue
		}
		if err := w.WriteHeader(&tar.Header{Name: "some/" + name, Mode: 0o600, Size: int64(len(b))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	sum := md5.Sum(content.Bytes())
	a.File = fetch.File{Name: a.Name, MD5: hex.EncodeToString(sum[:])}
	return a, content.Bytes()
}

// in makes a cache of its own for a test and returns a server of a file.
func in(t *testing.T, content []byte) string {
	t.Helper()
	home := t.TempDir()
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, home)
	}
	t.Setenv("GLIA_DATA", "")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(content) }))
	t.Cleanup(s.Close)
	return s.URL
}

func TestLoad(t *testing.T) {
	coarse := hundred
	coarse.label, coarse.classes = 0, 20
	for name, c := range map[string]struct {
		of          archive
		first, many int
	}{"10": {ten, 0, 10}, "100": {hundred, 1, 2}, "100, coarse": {coarse, 0, 2}} {
		t.Run(name, func(t *testing.T) {
			if name == "10" {
				c.of.classes = 100 // more pictures than classes
			}
			a, content := small(t, c.of, nil)
			url := in(t, content)
			train, test, err := a.load(context.Background(), url)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := train.X().Spec(), tensor.S(tensor.Uint8, c.many, 32, 32, 3); got != want {
				t.Errorf("x is %v, want %v", got, want)
			}
			if got, want := test.Y().Spec(), tensor.S(tensor.Uint8, 3, 1); got != want {
				t.Errorf("y is %v, want %v", got, want)
			}
			last := c.many - 1
			if got := train.Y().Int64s(); got[0] != int64(c.first) || got[last] != int64(c.first+last) {
				t.Errorf("labels %v, want %d to %d", got, c.first, c.first+last)
			}
			pixels := tensor.Data[uint8](train.X())[last*32*32*3:]
			if got, want := pixels[:6], []uint8{0, 1, 2, uint8(10 * last), uint8(10*last + 1), uint8(10*last + 2)}; !slices.Equal(got, want) {
				t.Errorf("the first pixels of the last picture are %v, want %v", got, want)
			}
			if got, want := tensor.Data[uint8](test.X())[3], uint8(10*c.many); got != want {
				t.Errorf("red of the first test picture is %d, want %d", got, want)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	for want, change := range map[string]func(member string, b []byte) []byte{
		"no member test.bin": func(member string, b []byte) []byte {
			if member == "test.bin" {
				return nil
			}
			return b
		},
		"member train.bin: picture 1 of 2: unexpected EOF": func(member string, b []byte) []byte {
			if member == "train.bin" {
				return b[:len(b)-1]
			}
			return b
		},
		"member test.bin: want no bytes behind the pictures": func(member string, b []byte) []byte {
			if member == "test.bin" {
				return append(b, 0)
			}
			return b
		},
		"member train.bin: picture 0: label 200: want one under 100": func(member string, b []byte) []byte {
			if member == "train.bin" {
				b[1] = 200
			}
			return b
		},
	} {
		a, content := small(t, hundred, change)
		if _, _, err := a.load(context.Background(), in(t, content)); err == nil || !strings.HasPrefix(err.Error(), "cifar: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	a, content := small(t, hundred, nil)
	if _, _, err := a.load(context.Background(), in(t, content[:100])); err == nil || !strings.Contains(err.Error(), "MD5: got") {
		t.Errorf("a part of the archive: error %v", err)
	}
	path := filepath.Join(t.TempDir(), "x.tar.gz")
	if err := os.WriteFile(path, content[:100], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.read(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("damaged: error %v", err)
	}
}
