package fetch_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/fetch"
)

// TestCached downloads a file once, and again if what is kept has changed.
func TestCached(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", home)
	t.Setenv("HOME", home)
	t.Setenv("LocalAppData", home)
	t.Setenv("GLIA_DATA", "")
	asked := 0
	content := "content"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Write([]byte(content))
	}))
	defer s.Close()
	sum := md5.Sum([]byte("content"))
	f := fetch.File{Name: "a.json", MD5: hex.EncodeToString(sum[:])}
	d := fetch.New(context.Background(), "test", nil, s.URL)
	defer d.Close()
	if _, err := d.Cached("set", f, true); err == nil || !strings.Contains(err.Error(), "a.json: not in the cache (") || !strings.HasSuffix(err.Error(), "nor in $GLIA_DATA/set: offline") {
		t.Errorf("offline: error %v", err)
	}
	content = "other"
	if path, err := d.Cached("set", f, false); err == nil || !strings.Contains(err.Error(), "MD5: got") || !strings.Contains(err.Error(), s.URL) {
		t.Errorf("another file: %s, error %v", path, err)
	}
	content = "content"
	var path string
	for range 2 {
		var err error
		if path, err = d.Cached("set", f, false); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Errorf("kept %q (%v), want %q", got, err, content)
		}
	}
	if asked != 2 {
		t.Errorf("the server was asked %d times, want 2", asked)
	}
	if err := os.WriteFile(path, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Cached("set", f, false); err != nil || asked != 3 {
		t.Errorf("damaged: error %v, asked %d times, want 3", err, asked)
	}
	data := t.TempDir()
	t.Setenv("GLIA_DATA", data)
	if err := os.Mkdir(filepath.Join(data, "set"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "set", "a.json"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if path, err := d.Cached("set", f, true); err != nil || filepath.Dir(filepath.Dir(path)) != data {
		t.Errorf("in GLIA_DATA: %s (%v)", path, err)
	}
}
