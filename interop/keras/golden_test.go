package keras_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// TestGolden makes what Keras made, through the tables that read a .keras file, and
// compares the numbers with Keras's. It replays the files of testdata/golden, which
// scripts beside them made, and those that GLIA_GOLDEN names, separated as the system
// separates paths; by default keras-golden-open.json in GLIA_DATA or beside the
// repository.
//
// It prints a line for each kind and one for each name that is not covered, and logs the
// worst error of every name.
func TestGolden(t *testing.T) {
	r, err := ownReport()
	if more := moreGolden(t); err == nil && len(more) > 0 {
		r, err = replayAll(append(ownGolden(), more...))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range r.kinds {
		all := r.sum(kind)
		fmt.Printf("golden %s pass %d fail %d uncovered %d\n", kind, all.pass, all.fail, all.uncovered)
		for _, api := range slices.Sorted(maps.Keys(r.of[kind])) {
			o := r.of[kind][api]
			if o.uncovered > 0 {
				fmt.Printf("  uncovered %s %s %d: %.160s\n", kind, api, o.uncovered, o.why)
			}
			if o.pass > 0 {
				t.Logf("%s %s: %d pass, worst error %.2g", kind, api, o.pass, o.worst)
			}
		}
	}
	for _, f := range r.failures {
		t.Error(f)
	}
	for kind := range replays {
		if all := r.sum(kind); all.pass == 0 && (kind != "loss_fn" && kind != "metric_fn" && kind != "op" && kind != "layer_spec") {
			t.Errorf("no case of kind %s passed", kind)
		}
	}
}

// ownReport replays the files of testdata, once for all tests.
var ownReport = sync.OnceValues(func() (*report, error) { return replayAll(ownGolden()) })

// replayAll replays files.
func replayAll(paths []string) (*report, error) {
	r := &report{}
	for _, path := range paths {
		if err := r.replayFile(path); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// ownGolden lists the files of testdata.
func ownGolden() []string {
	own, err := filepath.Glob(filepath.Join("testdata", "golden", "*.json"))
	if err != nil || len(own) == 0 {
		panic(fmt.Sprintf("testdata/golden: no files (%v)", err))
	}
	return own
}

// moreGolden lists files from outside the repository, none in short mode.
func moreGolden(t testing.TB) []string {
	if testing.Short() {
		return nil
	}
	if list := os.Getenv("GLIA_GOLDEN"); list != "" {
		return filepath.SplitList(list)
	}
	for _, dir := range []string{os.Getenv("GLIA_DATA"), filepath.Join("..", "..", "..", "shared", "data")} {
		name := filepath.Join(dir, "keras-golden-open.json")
		if _, err := os.Stat(name); dir != "" && err == nil {
			return []string{name}
		}
	}
	t.Log("only the cases of testdata: GLIA_GOLDEN and GLIA_DATA name no file")
	return nil
}
