package keras_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestShardsOfKeras loads shards that Keras 3.15.1 wrote: testdata/shards.py golden.
func TestShardsOfKeras(t *testing.T) {
	b, err := os.ReadFile("testdata/shards/want.npz")
	if err != nil {
		t.Fatal(err)
	}
	want := arrays(t, b)
	load := map[string]func(m *glia.Model) error{
		"path": func(m *glia.Model) error { return m.LoadWeights("testdata/shards/small.weights.json") },
		"file system": func(m *glia.Model) error {
			return m.LoadWeightsFS(os.DirFS("testdata"), "shards/small.weights.json")
		},
		"by name": func(m *glia.Model) error { return m.LoadWeights("testdata/shards/small.weights.json", glia.ByName) },
	}
	for name, load := range load {
		m := built(t, 0, nn.Input(4), nn.Dense(3, nn.Name("a")), nn.Dropout(0.5), nn.Dense(2, nn.Name("b")))
		if err := load(m); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, v := range m.Network().Vars() {
			if !tensor.Equal(v.Tensor(), want[fmt.Sprintf("w%d", i)]) {
				t.Errorf("%s: %s is %v, want %v", name, v.Path, v.Tensor(), want[fmt.Sprintf("w%d", i)])
			}
		}
	}
}

// sharded returns a compiled model, whose values differ, and the numbers of all its variables.
func sharded(t testing.TB, seed uint64) *glia.Model {
	t.Helper()
	inner := nn.Sequential(nn.Dense(7), nn.Dense(5, nn.ReLU))
	m := glia.Sequential(nn.Input(6), nn.Dense(4, nn.Name("first")), inner, nn.Dropout(0.25), nn.Dense(2))
	m.Seed = seed
	if err := m.Compile(optim.Adam(0.01), loss.MeanSquaredError()); err != nil {
		t.Fatal(err)
	}
	x, y := tensor.New(tensor.Float32, 4, 6), tensor.New(tensor.Float32, 4, 2)
	for i := range tensor.Data[float32](x) {
		tensor.Data[float32](x)[i] = float32(i%5) - 2
	}
	ds, err := setOf([]*tensor.Tensor{x}, []*tensor.Tensor{y})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Fit(ds, glia.Epochs(2), glia.BatchSize(2)); err != nil {
		t.Fatal(err)
	}
	return m
}

// stateIn returns the names and bits of all that is in a file.
func stateIn(t testing.TB, path string) map[string]string {
	t.Helper()
	f, err := keras.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Verify(); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, w := range slices.Concat(f.Weights, f.Optimizer, f.Extra) {
		x, err := w.Tensor()
		if err != nil {
			t.Fatal(err)
		}
		all[w.Path+" of "+w.Layer] = x.Spec().String() + string(x.Bytes())
	}
	return all
}

// TestShards writes weights in shards of every size from that of the largest variable on, and
// reads what a single file has.
func TestShards(t *testing.T) {
	m := sharded(t, 1)
	single := filepath.Join(t.TempDir(), "m.weights.h5")
	if err := m.SaveWeights(single); err != nil {
		t.Fatal(err)
	}
	want := stateIn(t, single)
	before := 1 << 30
	for _, most := range []int64{7 * 5 * 4, 150, 200, 333, 500, 1000, 5000} {
		dir := t.TempDir()
		index := filepath.Join(dir, "some.model.weights.json")
		if err := m.SaveWeights(index, glia.MaxShardSize(most)); err != nil {
			t.Fatal(err)
		}
		if got := stateIn(t, index); !equalMaps(got, want) {
			t.Errorf("shards of %d bytes have %d tensors, want the %d of the single file", most, len(got), len(want))
		}
		names, err := filepath.Glob(filepath.Join(dir, "some.model_0000*.weights.h5"))
		if err != nil || len(names) == 0 || len(names) > before {
			t.Errorf("%d shards of %d bytes (%v), want some, %d or fewer", len(names), most, err, before)
		}
		before = len(names)
		other := sharded(t, 2)
		if err := other.LoadWeights(index); err != nil || predictedSum(t, other) != predictedSum(t, m) {
			t.Errorf("shards of %d bytes: other predictions (%v)", most, err)
		}
	}
	if before != 1 {
		t.Errorf("%d shards of 5,000 bytes, want 1", before)
	}
	err := m.SaveWeights(filepath.Join(t.TempDir(), "m.weights.json"), glia.MaxShardSize(139))
	if want := `layers/sequential/layers/dense_1/vars/0 of layer "dense_1" takes 140 bytes: want shards of so many, got 139`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want %s", err, want)
	}
}

// TestShardsOfLargerSave wants the shards of the save before that a smaller one does not write
// to be gone, and other files to stay.
func TestShardsOfLargerSave(t *testing.T) {
	m := sharded(t, 1)
	dir := t.TempDir()
	index := filepath.Join(dir, "m.weights.json")
	list := func() int {
		names, err := filepath.Glob(filepath.Join(dir, "m_*.weights.h5"))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	if err := m.SaveWeights(index, glia.MaxShardSize(7*5*4)); err != nil {
		t.Fatal(err)
	}
	many := list()
	other := filepath.Join(dir, "m_00900.weights.h5") // not of that save
	if err := os.WriteFile(other, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := m.SaveWeights(index); err != nil {
		t.Fatal(err)
	}
	if n := list(); many < 3 || n != 2 {
		t.Errorf("%d shards and another file after a save of one, there were %d", n-1, many)
	}
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}
	if err := sharded(t, 2).LoadWeights(index); err != nil {
		t.Error(err)
	}
	// A save that fails removes nothing.
	if err := m.SaveWeights(index, glia.MaxShardSize(7*5*4)); err != nil {
		t.Fatal(err)
	}
	if err := m.SaveWeights(index, glia.MaxShardSize(139)); err == nil || list() != many+1 {
		t.Errorf("%d shards after a save that failed (%v), want %d", list()-1, err, many)
	}
	// Nor is anything removed for the sake of what is no index.
	if err := os.WriteFile(index, []byte(`{"weight_map":{"a":"../m_00001.weights.h5"}}`), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := m.SaveWeights(index); err != nil || list() != many+1 {
		t.Errorf("%d shards after an index of others (%v), want %d", list()-1, err, many)
	}
}

func equalMaps(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

func predictedSum(t testing.TB, m *glia.Model) float64 {
	t.Helper()
	x := tensor.New(tensor.Float32, 3, 6)
	for i := range tensor.Data[float32](x) {
		tensor.Data[float32](x)[i] = float32(i%7) - 3
	}
	y, err := m.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for i, v := range y.Float64s() {
		sum += v * float64(i+1)
	}
	return sum
}

// TestShardOptions wants words about options that do not go together.
func TestShardOptions(t *testing.T) {
	m, dir := sharded(t, 1), t.TempDir()
	for want, err := range map[string]error{
		"glia: SaveWeights: option MaxShardSize: a .weights.h5 file has no shards: want a name that ends in .weights.json": m.SaveWeights(filepath.Join(dir, "m.weights.h5"), glia.MaxShardSize(10)),
		"glia: Save: option MaxShardSize: a .keras file has no shards: want a name that ends in .weights.json":             m.Save(filepath.Join(dir, "m.keras"), glia.MaxShardSize(10)),
		"glia: SaveWeights: option MaxShardSize(0): want 1 or more":                                                        m.SaveWeights(filepath.Join(dir, "m.weights.json"), glia.MaxShardSize(0)),
		"glia: SaveWeights: option 0 is empty: want one that glia made":                                                    m.SaveWeights(filepath.Join(dir, "m.weights.json"), glia.SaveOption{}),
		"glia: SaveTo: keras: a .weights.json and its shards are several files: want them written by path":                 m.SaveTo(&bytes.Buffer{}, keras.Sharded),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("files are left: %v (%v)", left, err)
	}
	index := filepath.Join(dir, "m.weights.json")
	if err := m.SaveWeights(index); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	err = m.LoadWeightsBytes(b)
	if want := "glia: LoadWeightsBytes: keras: got an index of 1 shards, which are files beside it: want it opened by its path"; err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
	_, err = glia.Load(index)
	if want := "a .weights.json file, of weights alone: want a model; LoadWeights reads weights into one"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error is %v, want %s", err, want)
	}
}

// TestBadShards loads indexes and shards that are damaged, hostile or of two saves. The model
// keeps its weights.
func TestBadShards(t *testing.T) {
	dir := t.TempDir()
	m := sharded(t, 1)
	if err := m.SaveWeights(filepath.Join(dir, "m.weights.json"), glia.MaxShardSize(300)); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if err := sharded(t, 5).SaveWeights(filepath.Join(other, "m.weights.json"), glia.MaxShardSize(300)); err != nil {
		t.Fatal(err)
	}
	read := func(dir string) fstest.MapFS {
		files := fstest.MapFS{}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			files[e.Name()] = &fstest.MapFile{Data: b}
		}
		return files
	}
	const index, second = "m.weights.json", "m_00001.weights.h5"
	edit := func(f fstest.MapFS, change func(map[string]any)) {
		var x map[string]any
		if err := json.Unmarshal(f[index].Data, &x); err != nil {
			t.Fatal(err)
		}
		change(x)
		b, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		f[index] = &fstest.MapFile{Data: b}
	}
	named := func(name string) func(f fstest.MapFS) {
		return func(f fstest.MapFS) {
			edit(f, func(x map[string]any) { x["weight_map"].(map[string]any)["/layers/dense/vars"] = []string{name} })
		}
	}
	for _, tt := range []struct {
		name   string
		change func(f fstest.MapFS)
		want   string
	}{
		{"as it is", func(fstest.MapFS) {}, ""},
		{"a string for a list", func(f fstest.MapFS) {
			edit(f, func(x map[string]any) {
				for k, v := range x["weight_map"].(map[string]any) {
					if list := v.([]any); len(list) == 1 {
						x["weight_map"].(map[string]any)[k] = list[0]
					}
				}
			})
		}, ""},
		{"a shard is missing", func(f fstest.MapFS) { delete(f, second) }, `shard "m_00001.weights.h5" is missing beside the index: want all `},
		{"a shard of another save", func(f fstest.MapFS) { f[second] = read(other)[second] }, `shard "m_00001.weights.h5" has `},
		{"a damaged value", func(f fstest.MapFS) { f[second].Data[2200] ^= 1 }, "it is damaged or of another save"},
		{"a shard cut off", func(f fstest.MapFS) { f[second].Data = f[second].Data[:1000] }, `shard "m_00001.weights.h5": hdf5: `},
		{"an empty shard", func(f fstest.MapFS) { f[second].Data = nil }, `shard "m_00001.weights.h5": the file is empty`},
		{"a pointer of LFS", func(f fstest.MapFS) { f[second].Data = []byte("version https://git-lfs.github.com/spec/v1\noid") }, `"m_00001.weights.h5": got a pointer of Git LFS`},
		{"a directory", func(f fstest.MapFS) { f[second] = &fstest.MapFile{Mode: fs.ModeDir} }, `"m_00001.weights.h5": got a d---------, want a file`},
		{"out of the directory", named("../m_00000.weights.h5"), `shard "../m_00000.weights.h5": want the name of a file beside the index`},
		{"absolute", named("/etc/passwd"), `shard "/etc/passwd": want the name of a file beside the index`},
		{"below", named("a/b"), `shard "a/b": want the name of a file beside the index`},
		{"a backslash", named(`..\b`), `want the name of a file beside the index`},
		{"up", named(".."), `shard "..": want the name of a file beside the index`},
		{"no name", named(""), `shard "": want the name of a file beside the index`},
		{"safetensors", named("model-00001-of-00002.safetensors"), `shard "model-00001-of-00002.safetensors": want .weights.h5 files, or all of it in one .safetensors file`},
		{"a number", func(f fstest.MapFS) {
			edit(f, func(x map[string]any) { x["weight_map"].(map[string]any)["/a"] = 3 })
		}, `"/a" is 3: want the name of a file, or a list of names`},
		{"a group elsewhere", func(f fstest.MapFS) {
			edit(f, func(x map[string]any) { x["weight_map"].(map[string]any)["/layers/dense/vars"] = []string{second} })
		}, `shard "m_00001.weights.h5" has nothing of "/layers/dense/vars", which the index has there`},
		{"a group in two shards", func(f fstest.MapFS) {
			edit(f, func(x map[string]any) { delete(x["metadata"].(map[string]any), "glia") })
			f["again.weights.h5"] = f["m_00000.weights.h5"]
			edit(f, func(x map[string]any) {
				x["weight_map"].(map[string]any)["/layers/dense/vars"] = []string{"m_00000.weights.h5", "again.weights.h5"}
			})
		}, `two shards have "layers/dense/vars/0": want each variable once`},
		{"no map", func(f fstest.MapFS) { f[index].Data = []byte("{}") }, "got JSON without a weight_map"},
		{"a config", func(f fstest.MapFS) { f[index].Data = []byte(`{"class_name": "Sequential", "config": {}}`) }, "got the config of a model, without weights"},
		{"no JSON", func(f fstest.MapFS) { f[index].Data = f[index].Data[:50] }, "byte 50: unexpected end of JSON input"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := read(dir)
			tt.change(files)
			to := sharded(t, 3)
			before := predictedSum(t, to)
			err := to.LoadWeightsFS(files, index)
			switch {
			case tt.want == "" && (err != nil || predictedSum(t, to) != predictedSum(t, m)):
				t.Errorf("error %v, or other weights", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error is %v, want %s", err, tt.want)
			case tt.want != "" && predictedSum(t, to) != before:
				t.Error("the model has other weights after the error")
			}
		})
	}
}

// TestShardsWhole keeps the former files if a save fails.
func TestShardsWhole(t *testing.T) {
	dir := t.TempDir()
	index := filepath.Join(dir, "m.weights.json")
	if err := sharded(t, 1).SaveWeights(index, glia.MaxShardSize(300)); err != nil {
		t.Fatal(err)
	}
	want := stateIn(t, index)
	third := filepath.Join(dir, "m_00002.weights.h5")
	if err := errors.Join(os.Remove(third), os.Mkdir(third, 0o777)); err != nil {
		t.Fatal(err)
	}
	if err := sharded(t, 2).SaveWeights(index, glia.MaxShardSize(300)); err == nil || !strings.Contains(err.Error(), "m_00002.weights.h5: got a directory, want a file") {
		t.Errorf("error is %v", err)
	}
	if err := os.Remove(third); err != nil {
		t.Fatal(err)
	}
	if err := sharded(t, 1).SaveWeights(index, glia.MaxShardSize(300)); err != nil {
		t.Fatal(err)
	}
	if got := stateIn(t, index); !equalMaps(got, want) {
		t.Error("other values after a save that failed and one that did not")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.tmp")); err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %q (%v)", left, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "own.weights.h5"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := keras.RemoveFile(index); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 || left[0].Name() != "own.weights.h5" {
		t.Errorf("after RemoveFile there are %v (%v), want own.weights.h5", left, err)
	}
}

// TestShardsInKeras has Keras write shards that glia reads, and reads those that glia writes:
// weights and the optimizer's state, of models with networks in them.
func TestShardsInKeras(t *testing.T) {
	run := python(t)
	from, to := t.TempDir(), t.TempDir()
	if err := run("testdata/shards.py", "write", from); err != nil {
		t.Fatal(err)
	}
	for _, name := range foldersIn(t, from) {
		path := func(file string) string { return filepath.Join(from, name, file) }
		m, err := glia.Load(path("m.keras"))
		if err != nil {
			t.Fatal(err)
		}
		single := filepath.Join(t.TempDir(), "single.weights.h5")
		if err := m.SaveWeights(single); err != nil {
			t.Fatal(err)
		}
		want, got := stateIn(t, single), stateIn(t, path("m.weights.json"))
		for key, v := range got {
			if !strings.HasPrefix(key, "optimizer/") && want[key] != v { // Keras counts steps in other bits
				t.Errorf("%s: %s differs from that of the whole model", name, key)
			}
		}
		if len(got)+2 != len(want) { // glia's own, seed and counter
			t.Errorf("%s: %d tensors, want %d", name, len(got), len(want)-2)
		}
		fill(m, 0)
		if err := m.LoadWeights(path("m.weights.json")); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		folder := filepath.Join(to, name)
		var most int64 = 100
		for _, v := range m.Network().Vars() {
			most = max(most, int64(v.Spec().Bytes()))
		}
		if err := errors.Join(os.Mkdir(folder, 0o777), m.Save(filepath.Join(folder, "m.keras")),
			m.SaveWeights(filepath.Join(folder, "m.weights.json"), glia.MaxShardSize(most))); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path("want.npz"))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, "want.npz"), b, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := run("testdata/shards.py", "check", to); err != nil {
		t.Error(err)
	}
}
