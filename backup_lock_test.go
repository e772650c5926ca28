package glia_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
)

// TestTwoTrainingsInOneDirectory wants the second of two trainings refused at its start,
// and a third taken when the first has ended, in whatever way.
func TestTwoTrainingsInOneDirectory(t *testing.T) {
	ds := blobs(t, 40, 3, 2).OneHot(2)
	dir := filepath.Join(t.TempDir(), "run")
	second := func() {
		t.Helper()
		_, err := classifier(t, 3, 2).Fit(ds, glia.Use(glia.BackupAndRestore(dir)))
		for _, want := range []string{"glia: Fit: BackupAndRestore: ", filepath.Join(dir, "backup.safetensors.lock"), "want another directory"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("a second training: error %v, want %s", err, want)
			}
		}
	}
	for name, end := range map[string]func(m *glia.Model) error{
		"as it should": func(*glia.Model) error { return nil },
		"stopped":      func(*glia.Model) error { return glia.ErrStop },
		"by a panic":   func(*glia.Model) error { panic("harm") },
	} {
		other := glia.Callback{OnEpochEnd: func(m *glia.Model, e glia.Epoch) error {
			second()
			if e.Epoch == 2 {
				return end(m)
			}
			return nil
		}}
		func() {
			defer func() { _ = recover() }()
			if _, err := classifier(t, 3, 2).Fit(ds, glia.Epochs(2), glia.Use(glia.BackupAndRestore(dir), other)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}()
		fit(t, classifier(t, 3, 2), ds, glia.Epochs(2), glia.Use(glia.BackupAndRestore(dir)))
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("%s: %v is left, error %v", name, left, err)
		}
	}
}
