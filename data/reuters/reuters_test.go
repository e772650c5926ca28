package reuters

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/glia-ml/glia/data/words"
	"github.com/glia-ml/glia/internal/fetch"
)

// TestCached downloads a small file, reads it again from the cache, and tells when it is not to be had.
func TestCached(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, home)
	}
	t.Setenv("GLIA_DATA", "")
	b, err := os.ReadFile("../words/testdata/reuters.npz")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	small := fetch.File{Name: texts.Name, SHA256: hex.EncodeToString(sum[:])}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(b) }))
	for _, when := range []string{"downloaded", "from the cache"} {
		path, err := cached(context.Background(), s.URL, small)
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		train, test, err := words.Load(path)
		if err != nil || len(train.X) < 30 || len(test.X) == 0 {
			t.Errorf("%s: %v and %v, error %v", when, train, test, err)
		}
		s.Close()
	}
	if _, err := cached(context.Background(), s.URL, texts); err == nil || !strings.Contains(err.Error(), "reuters: reuters.npz: not in the cache (") {
		t.Errorf("offline, another checksum: error %v", err)
	}
}
