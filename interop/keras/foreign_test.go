package keras_test

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/nn"
)

// TestForeignFiles loads files of other kinds: the error says of which, and what helps.
func TestForeignFiles(t *testing.T) {
	m := built(t, 1, input(), dense("a", 3))
	whole := saved(t, m, keras.Archive)
	members := unzipped(t, whole)
	config, weights := members["config.json"], members["model.weights.h5"]
	const (
		resaved = `want it loaded in Python and saved with model.save("model.keras")`
		tensors = `want it saved in Python with safetensors.torch.save_file(model.state_dict(), "model.safetensors")`
		again   = "the download or copy that made it went wrong"
	)
	for _, tt := range []struct{ name, b, want string }{
		{"empty", "", "the file is empty: " + again},
		{"zeros", strings.Repeat("\x00", 4000), "the file begins with 512 zeros: " + again},
		{"gzip", "\x1f\x8b\x08\x00" + string(whole), "got a gzip'd file: want it unpacked, as gunzip does"},
		{"xz", "\xfd7zXZ\x00\x00", "got a file packed by xz: want it unpacked"},
		{"zstd", "\x28\xb5\x2f\xfd....", "got a file packed by zstd: want it unpacked"},
		{"web page", "\n<!DOCTYPE html>\n<html>", "got a web page instead of a model: " + again},
		{"web page without a type", "\ufeff  <HTML><body>404", "got a web page instead of a model: " + again},
		{"S3's error", `<?xml version="1.0"?><Error><Code>NoSuchKey`, "got a text in XML instead of a model: " + again},
		{"LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a", "got a pointer of Git LFS instead of the file: git lfs pull fetches it"},
		{"array", "\x93NUMPY\x01\x00v\x00{'descr'", "got a single array of NumPy's: want an .npz, with an array for every variable"},
		{"pickle of torch", "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", "got a pickle, as of PyTorch (.pt, .pth, .bin), which would have to be executed: " + tensors},
		{"torch", string(archive(t, map[string]string{"model/data.pkl": "x", "model/data/0": "y"})), "got an archive of PyTorch (.pt, .pth, .bin), with a pickle that would have to be executed: " + tensors},
		{"SavedModel's graph", "\x08\x01\x12\xd1\x04\x0a", "got a graph of TensorFlow, as saved_model.pb: " + resaved},
		{"frozen graph", "\n\x2c\n\x01x\x12\x0bPlaceholder", "got a protocol buffer, as of ONNX or a frozen graph of TensorFlow (.pb): " + resaved},
		{"ONNX", "\x08\x0a\x12\x07pytorch", "got a protocol buffer, as of ONNX or a frozen graph of TensorFlow (.pb): " + resaved},
		{"TFLite", "\x1c\x00\x00\x00TFL3\x14\x00", "got a file of TensorFlow Lite: want the .keras file that it was made of"},
		{"GGUF", "GGUF\x03\x00\x00\x00", "got a GGUF file: want a .keras, .h5, "},
		{"text", "epoch,loss\n1,2\n", `the file begins with "epoch,loss\n1,2\n": want a .keras, .h5, `},
		{"config", string(config), "got the config of a model, without weights: want its .keras file"},
		{"in a folder", string(archive(t, map[string]string{"out/m/config.json": string(config), "out/m/model.weights.h5": string(weights), "out/m/metadata.json": "{}"})),
			`the archive holds a model in the folder "out/m/": want its files at the top, as (cd FOLDER && zip -0 ../model.keras *) makes it`},
		{"in a zip", string(archive(t, map[string]string{"m.keras": string(whole)})), `got a zip that holds "m.keras": want that file unpacked`},
		{"other zip", string(archive(t, map[string]string{"a.txt": "x"})), "got a zip without config.json and without arrays (.npy): want a .keras, .h5, "},
		{"SavedModel in a zip", string(archive(t, map[string]string{"m/saved_model.pb": "x"})), "got a zip of a SavedModel of TensorFlow: " + resaved},
		{"cut off", string(whole[:len(whole)-40]), "the archive has no directory at its end: it is cut off or damaged"},
	} {
		path := filepath.Join(t.TempDir(), "m.keras")
		if err := os.WriteFile(path, []byte(tt.b), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := glia.Load(path)
		if want := "glia: Load: " + path + ": keras: " + tt.want; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: Load's error is\n\t%v\nwant\n\t%s", tt.name, err, want)
		}
		err = m.LoadWeightsBytes([]byte(tt.b))
		if want := "glia: LoadWeightsBytes: keras: " + tt.want; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: LoadWeightsBytes' error is\n\t%v\nwant\n\t%s", tt.name, err, want)
		}
	}
	if got := valuesPerLayer(m); got != "a=1" {
		t.Errorf("weights are %s, want a=1", got)
	}
}

// unzipped returns the members of an archive.
func unzipped(t testing.TB, b []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var content bytes.Buffer
		if _, err := content.ReadFrom(r); err != nil {
			t.Fatal(err)
		}
		all[f.Name] = content.Bytes()
	}
	return all
}

// TestDirectories loads directories: a model that Keras did not zip, save(zipped=False), and
// others.
func TestDirectories(t *testing.T) {
	m := built(t, 3, input(), dense("a", 3), nn.Dropout(0.5), dense("b", 2))
	members := unzipped(t, saved(t, m, keras.Archive))
	files := fstest.MapFS{}
	for name, b := range members {
		files["deep/m.keras/"+name] = &fstest.MapFile{Data: b}
	}
	got, err := glia.LoadFS(files, "deep/m.keras")
	if err != nil {
		t.Fatal(err)
	}
	if v := valuesPerLayer(got); v != "a=3 b=3" || got.Optimizer() == nil {
		t.Errorf("weights are %s, optimizer %v; want a=3 b=3 and one", v, got.Optimizer())
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	if got, err = glia.Load(filepath.Join(dir, "deep/m.keras")); err != nil || valuesPerLayer(got) != "a=3 b=3" {
		t.Errorf("Load: %v", err)
	}
	into := built(t, 1, input(), dense("a", 3), nn.Dropout(0.5), dense("b", 2))
	if err := into.LoadWeights(filepath.Join(dir, "deep/m.keras")); err != nil || valuesPerLayer(into) != "a=3 b=3" {
		t.Errorf("LoadWeights: %v", err)
	}
	_, err = glia.Load(filepath.Join(dir, "deep"))
	if err == nil || !strings.HasSuffix(err.Error(), "deep: got a directory, want a file") {
		t.Errorf("error is %v", err)
	}
	for name, tt := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"SavedModel": {fstest.MapFS{"m/saved_model.pb": {}, "m/variables/variables.index": {}}, "got a directory, a SavedModel of TensorFlow: want it loaded in Python and saved with model.save("},
		"checkpoint": {fstest.MapFS{"m/checkpoint": {}, "m/ckpt-1.index": {}}, "got a directory, with a checkpoint of TensorFlow: "},
		"of a model": {fstest.MapFS{"m/a.txt": {}, "m/best.keras": {}}, `got a directory, want a file: it holds "best.keras"`},
		"no weights": {fstest.MapFS{"m/config.json": {}}, "got a directory, want a file"},
		"bad config": {fstest.MapFS{"m/config.json": {Data: []byte("{")}, "m/model.weights.h5": {Data: members["model.weights.h5"]}}, "keras: config.json: keras: byte 1: unexpected end of JSON input"},
		"bad weights": {fstest.MapFS{"m/config.json": {Data: members["config.json"]}, "m/model.weights.h5": {Data: []byte("<html>")}},
			`keras: "model.weights.h5": got a web page instead of a model`},
	} {
		_, err := glia.LoadFS(tt.files, "m")
		if err == nil || !strings.HasPrefix(err.Error(), "glia: LoadFS: m: "+tt.want) {
			t.Errorf("%s: error is %v, want %s", name, err, tt.want)
		}
	}
}
