package fashionmnist

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"

	"github.com/glia-ml/glia/data/idx"
	"github.com/glia-ml/glia/internal/fetch"
	"github.com/glia-ml/glia/tensor"
)

// TestLoad downloads four small files, reads them again from the cache, and tells when they are
// not to be had.
func TestLoad(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, home)
	}
	t.Setenv("GLIA_DATA", "")
	content := map[string][]byte{}
	small := files
	for i, x := range []*tensor.Tensor{tensor.New(tensor.Uint8, 3, 28, 28), tensor.Of[uint8](7, 8, 9), tensor.New(tensor.Uint8, 2, 28, 28), tensor.Of[uint8](1, 2)} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if err := idx.Write(z, x); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		sum := md5.Sum(b.Bytes())
		small[i] = fetch.File{Name: files[i].Name, MD5: hex.EncodeToString(sum[:])}
		content[files[i].Name] = b.Bytes()
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(content[path.Base(r.URL.Path)]) }))
	for _, when := range []string{"downloaded", "from the cache"} {
		train, test, err := load(context.Background(), small, []string{s.URL})
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if train.Len() != 3 || test.Len() != 2 || train.Y().Int64s()[2] != 9 || test.Y().Int64s()[0] != 1 {
			t.Errorf("%s: %d and %d samples, labels %v and %v", when, train.Len(), test.Len(), train.Y(), test.Y())
		}
		s.Close()
	}
	small[3].Name = "other"
	if _, _, err := load(context.Background(), small, []string{s.URL}); err == nil || !strings.Contains(err.Error(), "other: not in the cache (") {
		t.Errorf("offline: error %v", err)
	}
}
