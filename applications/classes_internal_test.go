package applications

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/fetch"
)

// TestClassNamesFrom downloads class names, and tells when they are not to be had.
func TestClassNamesFrom(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, home)
	}
	t.Setenv("GLIA_DATA", "")
	text := `{"0": ["n1", "tench"]}`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(text)) }))
	sum := md5.Sum([]byte(text))
	f := fetch.File{Name: "index.json", MD5: hex.EncodeToString(sum[:])}
	names, err := classNamesFrom(context.Background(), f, s.URL)
	if err != nil || len(names) != 1 || names[0].Name != "tench" {
		t.Errorf("got %v (%v)", names, err)
	}
	s.Close()
	if names, err := classNamesFrom(context.Background(), f, s.URL); err != nil || len(names) != 1 {
		t.Errorf("from the cache: got %v (%v)", names, err)
	}
	f.Name = "other.json"
	if _, err := classNamesFrom(context.Background(), f, s.URL); err == nil || !strings.Contains(err.Error(), "applications: class names: other.json: not in the cache") {
		t.Errorf("offline: error %v", err)
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := classNamesFrom(done, f, s.URL); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("canceled: error %v", err)
	}
}
