package keras_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/internal/emulator"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

func sgd() optim.Optimizer { return optim.SGD(0.1, optim.Momentum(0.5)) }

// small returns a model whose files are small, with something of everything.
func small(t testing.TB) *glia.Model {
	return built(t, 1, input(), dense("a", 3, nn.ReLU), nn.Sequential(dense("b", 2), nn.Dropout(0.5)))
}

// mostBytes is what loading a file of n bytes may allocate: for what a small file can
// promise before it is found out, and for the file.
func mostBytes(n int) uint64 { return 12<<20 + 40*uint64(n) }

// stateOf returns the values of all variables of a model.
func stateOf(m *glia.Model) (state []byte) {
	for _, v := range m.Network().Vars() {
		state = append(state, v.Tensor().Bytes()...)
	}
	return state
}

// tryLoad loads a file as a model and as weights. Whatever it holds, that must neither
// panic nor take long or much memory, an error must leave the weights as they were, and its
// text must be one for a terminal.
func tryLoad(t testing.TB, what string, b []byte, into *glia.Model) (model, weights error) {
	t.Helper()
	var before, after runtime.MemStats
	was := stateOf(into)
	runtime.ReadMemStats(&before)
	start := time.Now()
	_, model = glia.LoadBytes(b)
	weights = into.LoadWeightsBytes(b)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > mostBytes(len(b)) {
		t.Errorf("%s: a file of %d bytes took %d bytes of memory, want at most %d (%v, %v)", what, len(b), n, mostBytes(len(b)), model, weights)
	}
	if took > emulator.Limit(5*time.Second) {
		t.Errorf("%s: a file of %d bytes took %v (%v, %v)", what, len(b), took, model, weights)
	}
	for _, err := range []error{model, weights} {
		if err != nil && len(err.Error()) > 8000 {
			t.Errorf("%s: an error of %d bytes: %.300s...", what, len(err.Error()), err)
		}
		if err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' }) {
			t.Errorf("%s: an error that moves the cursor: %.300q...", what, err.Error())
		}
	}
	if weights != nil && !bytes.Equal(stateOf(into), was) {
		t.Errorf("%s: the weights were changed, and then came the error %v", what, weights)
	}
	return model, weights
}

// TestDamagedFiles cuts files at many places and flips bits all over.
func TestDamagedFiles(t *testing.T) {
	m := small(t)
	for _, f := range formats {
		t.Run(f.String(), func(t *testing.T) {
			b, into := saved(t, m, f), small(t)
			if _, err := tryLoad(t, "whole", b, into); err != nil {
				t.Fatal(err)
			}
			cuts, bytesOf := 400, 1000
			if testing.Short() {
				cuts, bytesOf = 50, 120
			}
			step := 1 + len(b)/cuts
			for n := 0; n < len(b); n += step {
				model, weights := tryLoad(t, fmt.Sprintf("cut at %d", n), b[:n:n], into)
				if f != keras.HDF5 && f != keras.WeightsHDF5 && (model == nil || weights == nil) { // HDF5 may end in nothing
					t.Errorf("cut at %d of %d it loads", n, len(b))
				}
			}
			for i := range b {
				if i%(1+len(b)/bytesOf) != 0 {
					continue
				}
				for _, mask := range []byte{1 << (i % 8), 0xff} {
					bad := bytes.Clone(b)
					bad[i] ^= mask
					tryLoad(t, fmt.Sprintf("byte %d ^ %#x", i, mask), bad, into)
				}
			}
		})
	}
}

// TestDamagedWeights damages the weights at the end of files of every format, those of which
// the checksum, or a filter, tells only when they are read: no weight changes then, whether
// they are few, or so many that they are read twice.
func TestDamagedWeights(t *testing.T) {
	for _, units := range []int{16, 2200} {
		if units > 1000 && testing.Short() {
			continue // files of 20 MB
		}
		m := built(t, 1, input(), dense("a", units), dense("b", units))
		for _, f := range formats {
			b, into := saved(t, m, f), built(t, 2, input(), dense("a", units), dense("b", units))
			was, failed := stateOf(into), 0
			for i := range 8 {
				at := len(b) * (2*i + 1) / 16
				bad := bytes.Clone(b)
				bad[at] ^= 0x10
				err := into.LoadWeightsBytes(bad)
				if err == nil { // without a checksum, or in the optimizer's state
					was = stateOf(into)
					continue
				}
				failed++
				if !bytes.Equal(stateOf(into), was) {
					t.Fatalf("%v of %d bytes, damaged at %d: the weights were changed, and then came the error %v", f, len(b), at, err)
				}
			}
			if (f == keras.Archive || f == keras.NPZ) && failed == 0 {
				t.Errorf("%v: no damage was found", f)
			}
		}
	}
}

// failing is a file that cannot be read from some byte on, as on a disk that is broken.
type failing struct {
	b     []byte
	after int64
}

var errBroken = errors.New("the disk is broken")

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	n, err := bytes.NewReader(f.b).ReadAt(p, off)
	if off+int64(n) > f.after {
		return 0, errBroken
	}
	return n, err
}

// TestBrokenDisk loads weights from files that fail to be read, at any place.
func TestBrokenDisk(t *testing.T) {
	m := built(t, 1, input(), dense("a", 30), dense("b", 40))
	for _, f := range formats {
		b, into := saved(t, m, f), built(t, 2, input(), dense("a", 30), dense("b", 40))
		was := stateOf(into)
		for after := range len(b) {
			if after%37 != 0 && after < len(b)-2 {
				continue
			}
			err := into.LoadWeightsFrom(&failing{b, int64(after)}, int64(len(b)))
			if err == nil { // what is not needed was not read
				break
			}
			if !bytes.Equal(stateOf(into), was) {
				t.Fatalf("%v: from byte %d of %d on it cannot be read: the weights were changed, and then came the error %v", f, after, len(b), err)
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	m := small(f)
	for _, format := range formats {
		f.Add(saved(f, m, format))
	}
	f.Add(archive(f, map[string]string{"config.json": lambda, "model.weights.h5": ""}))
	into := small(f)
	f.Fuzz(func(t *testing.T, b []byte) { tryLoad(t, "fuzz", b, into) })
}

// archive returns a .keras file of members; a name that ends in a star is deflated.
func archive(t testing.TB, members map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range members {
		h := &zip.FileHeader{Name: strings.TrimSuffix(name, "*"), Method: zip.Store}
		if strings.HasSuffix(name, "*") {
			h.Method = zip.Deflate
		}
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const lambda = `{"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
	{"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4]}},
	{"module": "keras.layers", "class_name": "Lambda", "config": {"name": "run", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}}}]}}`

// denseConfig is a model of one Dense layer.
func denseConfig(in, units string) string {
	return fmt.Sprintf(`{"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
	{"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, %s]}},
	{"module": "keras.layers", "class_name": "Dense", "config": {"name": "a", "units": %s}}]}}`, in, units)
}

// TestBadArchives loads .keras files that are made to harm, or lack something.
func TestBadArchives(t *testing.T) {
	weights := string(saved(t, built(t, 1, input(), dense("a", 3)), keras.WeightsHDF5))
	good := denseConfig("4", "3")
	twice := func(members map[string]string, again string) []byte {
		b := archive(t, members)
		r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		for _, f := range append(r.File, r.File[0]) {
			if again != "" && f.Name != again {
				continue
			}
			if err := z.Copy(f); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	size := 64 << 20
	if testing.Short() {
		size = 8 << 20
	}
	zeros := strings.Repeat("\x00", size)
	deep := strings.Repeat(`{"layers":[`, 400)
	tests := []struct {
		name string
		b    []byte
		want string // in the error
	}{
		{"good", archive(t, map[string]string{"config.json": good, "model.weights.h5": weights}), ""},
		{"deflated", archive(t, map[string]string{"config.json*": good, "model.weights.h5*": weights}), ""},
		{"extra members", archive(t, map[string]string{"config.json": good, "model.weights.h5": weights, "assets/x": "y"}), ""},
		{"no config", archive(t, map[string]string{"model.weights.h5": weights}), `got a zip that holds "model.weights.h5": want that file unpacked`},
		{"no weights", archive(t, map[string]string{"config.json": good}), "no model.weights.h5 in the archive"},
		{"empty weights", archive(t, map[string]string{"config.json": good, "model.weights.h5": ""}), "model.weights.h5: hdf5: "},
		{"bad metadata", archive(t, map[string]string{"config.json": good, "model.weights.h5": weights, "metadata.json": "["}), "metadata.json: unexpected end of JSON input"},
		{"not JSON", archive(t, map[string]string{"config.json": good[:100], "model.weights.h5": weights}), "config.json: keras: byte 100: unexpected end of JSON input"},
		{"NaN", archive(t, map[string]string{"config.json": denseConfig("4", "NaN"), "model.weights.h5": weights}), "number NaN: want one that is finite"},
		{"deep", archive(t, map[string]string{"config.json": `{"class_name":"Sequential","config":` + deep, "model.weights.h5": weights}), "lists and objects nest more than 512 deep"},
		{"Lambda", archive(t, map[string]string{"config.json": lambda, "model.weights.h5": weights}), "layer Lambda: layers[1] run"},
		{"twice", twice(map[string]string{"config.json": good}, ""), `archive member "config.json": it stands twice`},
		{"escaping", archive(t, map[string]string{"config.json": good, "../model.weights.h5": weights}), `archive member "../model.weights.h5": want a plain relative name`},
		{"absolute", archive(t, map[string]string{"config.json": good, "/etc/x": ""}), `archive member "/etc/x": want a plain relative name`},
		{"backslash", archive(t, map[string]string{"config.json": good, `a\..\x`: ""}), `want a plain relative name`},
		{"shapes", archive(t, map[string]string{"config.json": denseConfig("4", "5"), "model.weights.h5": weights}),
			"weights do not fit the model: layer a: layers/dense/vars/0 in the file is float32[4 3]: want float32[4 5], as a/kernel"},
		{"huge units", archive(t, map[string]string{"config.json": denseConfig("4", "1000000000"), "model.weights.h5": weights}),
			"variable a/kernel float32[4 1000000000]: want at most "},
		{"huge input", archive(t, map[string]string{"config.json": denseConfig("1000000000", "3"), "model.weights.h5": weights}),
			"variable a/kernel float32[1000000000 3]: want at most "},
		{"more than there is", archive(t, map[string]string{"config.json": denseConfig("1000000000000", "1000000000000"), "model.weights.h5": weights}), "1000000000000"},
		{"bomb of weights", archive(t, map[string]string{"config.json": good, "model.weights.h5*": zeros}), fmt.Sprintf("archive member \"model.weights.h5\": %d bytes come of ", size)},
		{"bomb of config", archive(t, map[string]string{"config.json*": strings.ReplaceAll(zeros, "\x00", " ") + good, "model.weights.h5": weights}), fmt.Sprintf("archive member \"config.json\": %d bytes come of ", size+len(good))},
		{"bomb that lies", lying(t, good, zeros), "archive member \"model.weights.h5\": "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err, _ := tryLoad(t, tt.name, tt.b, built(t, 1, input(), dense("a", 3)))
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

// lying returns an archive whose weights are much longer than it says.
func lying(t *testing.T, config, weights string) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err == nil {
		_, err = io.WriteString(w, weights)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, m := range map[string][]byte{"config.json": []byte(config), "model.weights.h5": packed.Bytes()} {
		h := &zip.FileHeader{Name: name, CRC32: crc32.ChecksumIEEE(m), CompressedSize64: uint64(len(m)), UncompressedSize64: uint64(len(m))}
		if name == "model.weights.h5" {
			h.Method, h.UncompressedSize64 = zip.Deflate, 1000
		}
		to, err := z.CreateRaw(h)
		if err == nil {
			_, err = to.Write(m)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
