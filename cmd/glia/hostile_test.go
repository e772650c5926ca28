package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/glia-ml/glia/internal/emulator"
	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/internal/picturetest"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// zipped returns an archive of members, pairs of a name and a text; a name that ends in a
// star is deflated.
func zipped(members ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, 9) })
	for i := 0; i < len(members); i += 2 {
		h := &zip.FileHeader{Name: strings.TrimSuffix(members[i], "*")}
		if h.Name != members[i] {
			h.Method = zip.Deflate
		}
		w, _ := z.CreateHeader(h)
		io.WriteString(w, members[i+1])
	}
	z.Close()
	return b.Bytes()
}

// chainOf returns the config of a Sequential of an input of 4 and layers.
func chainOf(layers ...string) string {
	return `{"class_name":"Sequential","config":{"name":"s","layers":[` +
		strings.Join(append([]string{`{"class_name":"InputLayer","config":{"batch_shape":[null,4]}}`}, layers...), ",") + `]}}`
}

// denseOf returns the config of a Dense layer with more settings, which begin with a comma.
func denseOf(more string) string {
	return `{"class_name":"Dense","config":{"name":"dense","units":2` + more + `}}`
}

// callOf returns the config of a layer of a functional model that is applied to others.
func callOf(class, name string, in ...string) string {
	var calls []string
	for _, from := range in {
		if strings.HasSuffix(from, "-1") {
			from = "i"
		}
		calls = append(calls, fmt.Sprintf(`["%s",0,0,{}]`, from))
	}
	return fmt.Sprintf(`{"class_name":"%s","name":"%s","config":{"name":"%s"},"inbound_nodes":[[%s]]}`, class, name, name, strings.Join(calls, ","))
}

// functionalOf returns the config of a functional model of an input "i" of 4, layers, and
// the output of one of them.
func functionalOf(output, layers string) string {
	return fmt.Sprintf(`{"class_name":"Functional","config":{"name":"f","layers":[{"class_name":"InputLayer","name":"i","config":{"name":"i","batch_shape":[null,4]},"inbound_nodes":[]},%s],`+
		`"input_layers":[["i",0,0]],"output_layers":[["%s",0,0]]}}`, layers, output)
}

// nestOf returns the config of a model that applies one twice, which does so with another,
// n of them.
func nestOf(n int) string {
	inner, output := callOf("Add", "x", "i", "i"), "x"
	for range n {
		inner = strings.TrimSuffix(functionalOf(output, inner), "}") + `,"name":"x","inbound_nodes":[[["i",0,0,{}]],[["x",0,0,{}]]]}`
		inner = strings.Replace(inner, `"name":"f"`, `"name":"x"`, 1)
		output = `x",2,0,"`
	}
	return strings.ReplaceAll(functionalOf(output, inner), `x",2,0,"",0,0`, `x",2,0`)
}

// repeated joins n texts.
func repeated(n int, text func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(text(i))
	}
	return b.String()
}

// noise returns letters that do not shrink, and so pay for what does.
func noise(n int) string {
	r, b := rand.New(rand.NewSource(1)), make([]byte, n)
	for i := range b {
		b[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[r.Intn(64)]
	}
	return string(b)
}

// tensorsFile returns a safetensors file of entries in a header's text.
func tensorsFile(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// padded returns a file with bytes behind it, n in all.
func padded(b []byte, n int) []byte { return append(b, make([]byte, n-len(b))...) }

// hdf5File returns a file that fill fills.
func hdf5File(fill func(g *hdf5.GroupWriter)) []byte {
	var b bytes.Buffer
	h := hdf5.NewWriter()
	fill(h.Root())
	if _, err := h.WriteTo(&b); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, 9)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// hostile lists files that promise much more than they hold, and the commands that read
// them. weights is a .weights.h5 of the network of chainOf(denseOf("")).
func hostile(weights string) []struct {
	name string
	b    func() []byte
} {
	model := func(config string, star ...string) func() []byte {
		return func() []byte {
			return zipped("config.json"+strings.Join(star, ""), config, "model.weights.h5", weights)
		}
	}
	bare := func(config string) func() []byte { // of a model without weights
		return func() []byte {
			return zipped("config.json", config, "model.weights.h5", string(hdf5File(func(g *hdf5.GroupWriter) { g.Group("layers") })))
		}
	}
	text := func(n int, f func(i int) string) string { return strings.TrimSuffix(repeated(n, f), ",") }
	return []struct {
		name string
		b    func() []byte
	}{
		{"values.keras", model(chainOf(`"`+noise(590<<10)+`"`, text(20<<20, func(int) string { return "0," })), "*")},
		{"stored values.keras", model(chainOf(text(8<<20, func(int) string { return "0," })))},
		{"values that pass.keras", model(chainOf(text(1<<18-100, func(int) string { return "0," })))},
		{"layers.keras", model(chainOf(text(200_000, func(int) string { return `{"class_name":"A"},` })))},
		{"layers that pass.keras", model(chainOf(text(8_000, func(i int) string { return fmt.Sprintf(`{"class_name":"A%d","config":{"name":"%d"}},`, i, i) })))},
		{"dense layers.keras", model(chainOf(text(8_000, func(i int) string { return fmt.Sprintf(`{"class_name":"Dense","config":{"name":"d%d","units":2}},`, i) })))},
		{"settings.keras", model(chainOf(denseOf(repeated(500_000, func(i int) string { return fmt.Sprintf(`,"k%d":1`, i) }))))},
		{"settings that pass.keras", model(chainOf(text(31, func(int) string {
			return denseOf(repeated(4_000, func(i int) string { return fmt.Sprintf(`,"k%d":1`, i) })) + ","
		})))},
		{"settings of layers.keras", model(chainOf(text(5_000, func(i int) string {
			return `{"class_name":"Dense","config":{"units":2` + repeated(20, func(i int) string { return fmt.Sprintf(`,"k%d":1`, i) }) + `}},`
		})))},
		{"activations.keras", model(chainOf(`{"class_name":"A","config":{"x":[` + text(80_000, func(int) string { return `{"activation":"z"},` }) + `]}}`))},
		{"nested.keras", model(chainOf(`{"class_name":"A","config":` + strings.Repeat(`{"x":[`, 200) + strings.Repeat(`]}`, 200) + `}`))},
		{"inbound.keras", model(`{"class_name":"Functional","config":{"name":"f","layers":[{"class_name":"InputLayer","name":"i","config":{"name":"i","batch_shape":[null,4]},"inbound_nodes":[]},` +
			`{"class_name":"Add","name":"a","config":{"name":"a"},"inbound_nodes":[[` + text(200_000, func(int) string { return `["i",0,0,{}],` }) + `]]}],"input_layers":[["i",0,0]],"output_layers":[["a",0,0]]}}`)},
		{"boundaries.keras", model(strings.TrimSuffix(chainOf(denseOf("")), "}") + `,"compile_config":{"loss":"mse","optimizer":{"class_name":"SGD","config":{"learning_rate":{"class_name":"PiecewiseConstantDecay","config":{"boundaries":[` +
			text(100_000, func(i int) string { return fmt.Sprint(i+1, ",") }) + `],"values":[` + text(100_001, func(i int) string { return fmt.Sprint(i, ",") }) + `]}}}}}}`)},
		{"doubling.keras", bare(functionalOf("c27", text(28, func(i int) string {
			return callOf("Concatenate", fmt.Sprint("c", i), fmt.Sprint("c", i-1), fmt.Sprint("c", i-1)) + ","
		})))},
		{"nested twice.keras", bare(nestOf(16))},
		{"nested twice, less deep.keras", bare(nestOf(14))},
		{"repeated.keras", bare(chainOf(text(30, func(int) string {
			return `{"class_name":"RepeatVector","config":{"n":4096}},{"class_name":"Flatten","config":{}},`
		})))},
		{"deep.keras", bare(strings.Repeat(`{"class_name":"Sequential","config":{"layers":[`, 120) + chainOf(denseOf("")) + strings.Repeat(`]}}`, 120))},
		{"units.keras", model(chainOf(`{"class_name":"Dense","config":{"name":"dense","units":2147483647}}`))},
		{"air.keras", func() []byte {
			return zipped("config.json", chainOf(denseOf("")), "model.weights.h5*", strings.Repeat("\x00", 256<<20))
		}},
		{"weights of air.keras", func() []byte {
			return zipped("config.json", chainOf(denseOf("")), "model.weights.h5*", noise(1<<20)+strings.Repeat("\x00", 90<<20))
		}},
		{"metadata.keras", func() []byte {
			return zipped("config.json", chainOf(denseOf("")), "model.weights.h5", weights, "metadata.json*", `{"a":[`+noise(300<<10)+text(10<<20, func(int) string { return "0," })+`]}`)
		}},
		{"members.keras", func() []byte {
			members := []string{"config.json", chainOf(denseOf("")), "model.weights.h5", weights}
			for i := range 70_000 {
				members = append(members, fmt.Sprintf("a%d", i), "")
			}
			return zipped(members...)
		}},
		{"members that pass.keras", func() []byte {
			members := []string{"config.json", chainOf(denseOf("")), "model.weights.h5", weights}
			for i := range 40_000 {
				members = append(members, fmt.Sprintf("assets/a%d", i), "")
			}
			return zipped(members...)
		}},
		{"names that pass.safetensors", func() []byte {
			return tensorsFile("{"+text(17_000, func(i int) string { return fmt.Sprintf(`"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},`, i) })+"}", 0)
		}},
		{"names.safetensors", func() []byte {
			return tensorsFile("{"+text(120_000, func(i int) string { return fmt.Sprintf(`"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},`, i) })+"}", 0)
		}},
		{"paths.safetensors", func() []byte {
			return tensorsFile("{"+text(100_000, func(i int) string {
				return fmt.Sprintf(`"%d/%s":{"dtype":"F32","shape":[1],"data_offsets":[%d,%d]},`, i, strings.Repeat("a/", 30), 4*i, 4*i+4)
			})+"}", 400_000)
		}},
		{"metadata.safetensors", func() []byte {
			return tensorsFile(`{"__metadata__":{`+text(300_000, func(i int) string { return fmt.Sprintf(`"%d":"",`, i) })+"}}", 0)
		}},
		{"arrays.npz", func() []byte {
			var b bytes.Buffer
			a := npy.NewArchiveWriter(&b)
			for i := range 60_000 {
				a.Add(fmt.Sprint(i), tensor.New(tensor.Uint8, 0))
			}
			a.Close()
			return b.Bytes()
		}},
		{"zeros.npz", func() []byte {
			var h bytes.Buffer
			npy.Write(&h, tensor.New(tensor.Float32, 64<<20))
			return zipped("a.npy*", h.String())
		}},
		{"lying.npy", func() []byte {
			var h bytes.Buffer
			npy.Write(&h, tensor.New(tensor.Float32, 1_000_000_000/4))
			return h.Bytes()[:200]
		}},
		{"datasets.h5", func() []byte {
			return hdf5File(func(g *hdf5.GroupWriter) {
				v := g.Group("layers").Group("dense").Group("vars")
				for i := range 40_000 {
					v.Dataset(fmt.Sprint(i), tensor.Scalar(float32(1)))
				}
			})
		}},
		{"datasets that pass.h5", func() []byte {
			return hdf5File(func(g *hdf5.GroupWriter) {
				v := g.Group("layers").Group("dense").Group("vars")
				for i := range 18_000 {
					v.Dataset(fmt.Sprint(i), tensor.Scalar(float32(1)))
				}
			})
		}},
		{"groups.h5", func() []byte {
			return hdf5File(func(g *hdf5.GroupWriter) {
				l := g.Group("layers")
				for i := range 20_000 {
					l.Group(fmt.Sprint("dense_", i)).Group("vars")
				}
			})
		}},
		{"picture.png", func() []byte { return picturetest.PNG(8000, 8000, 16, 6, false) }},
		{"grey picture.png", func() []byte { return picturetest.PNG(6400, 6400, 8, 0, false) }},
		{"interlaced picture.png", func() []byte { return picturetest.PNG(2250, 2250, 8, 4, true) }},
		{"interlaced picture that is too large.png", func() []byte { return picturetest.PNG(3600, 3600, 8, 4, true) }},
		{"clear picture.png", func() []byte { return picturetest.PNG(3200, 3200, 8, 6, false) }},
		{"row.png", func() []byte { return picturetest.PNG(1<<21, 1, 8, 2, false) }},
		{"column.png", func() []byte { return picturetest.PNG(1, 1<<21, 8, 2, false) }},
		{"lying picture.png", func() []byte { return picturetest.PNG(8192, 8192, 16, 6, false)[:200] }},
		{"picture.gif", func() []byte { return picturetest.GIF(4500, 4500, true) }},
		{"picture that is too large.gif", func() []byte { return picturetest.GIF(8000, 8000, true) }},
		{"lying picture.gif", func() []byte { return picturetest.GIF(4500, 4500, false)[:200] }},
		{"photograph.jpg", func() []byte { return padded(picturetest.JPEG(6000, 4000, false, 0, 0x22, 0x11, 0x11), 6e6) }},
		{"picture.jpg", func() []byte { return picturetest.JPEG(8000, 8000, false, 0, 0x11, 0x11, 0x11) }},
		{"progressive picture.jpg", func() []byte { return picturetest.JPEG(2800, 2800, true, 99, 0x11) }},
		{"scans.jpg", func() []byte { return picturetest.JPEG(3000, 2800, true, 60_000, 0x11) }},
		{"ink.jpg", func() []byte { return picturetest.JPEG(8000, 8000, false, 0, 0x11, 0x11, 0x11, 0x11) }},
		{"line.csv", func() []byte { return []byte(strings.Repeat("1,", 8<<20) + "1\n") }},
		{"fields.csv", func() []byte { return []byte(strings.Repeat(" ", 16<<20) + "\n") }},
		{"zeros.gz", func() []byte { return gzipped(append([]byte{0, 0, 8, 1, 0x20, 0, 0, 0}, make([]byte, 512<<20)...)) }},
		{"lying.idx", func() []byte { return []byte{0, 0, 14, 2, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1} }},
	}
}

// reading is what reading a file took.
type reading struct {
	kib    int           // the most memory of the process
	took   time.Duration // of the processors
	status int
	stderr string
}

// readingOf runs a command in a process of its own.
func readingOf(t *testing.T, args ...string) reading {
	t.Helper()
	line, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	cmd := emulator.Command()
	cmd.Env = append(os.Environ(), peakLine+"="+string(line))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	state := cmd.ProcessState
	r := reading{took: state.UserTime() + state.SystemTime(), status: state.ExitCode(), stderr: stderr.String()}
	if _, e := fmt.Sscan(string(out), &r.kib); e != nil {
		t.Fatalf("glia %q prints %q: %v, %.2000s", args, out, err, r.stderr)
	}
	return r
}

// commandsFor returns the commands that read a file.
func commandsFor(path, model string) [][]string {
	switch {
	case strings.HasSuffix(path, ".keras"):
		return [][]string{{"inspect", path}, {"summary", path}, {"evaluate", path, "digits"}, {"predict", path, "one.npy"},
			{"convert", path, "out.h5"}, {"convert", path, "out.safetensors"}, {"convert", path, "out.npz", "--model", model}, {"convert", model, "out.keras", "--model", path}}
	case strings.HasSuffix(path, ".safetensors"), strings.HasSuffix(path, ".h5"), strings.HasSuffix(path, ".npz"):
		return [][]string{{"inspect", path}, {"summary", path}, {"convert", path, "out.npz"}, {"convert", path, "out.safetensors"}, {"convert", path, "out.keras", "--model", model}, {"predict", model, path}}
	}
	return [][]string{{"inspect", path}, {"predict", model, path}}
}

// TestHostile has every command read files that promise more than they hold. None may take
// more than 64 MB and four times the file's size. How long each takes bench/reliability
// tells: -v prints it.
func TestHostile(t *testing.T) {
	if runtime.GOOS != "linux" || testing.Short() {
		t.Skip("needs Linux's count of a process's memory, and a minute: not in short mode")
	}
	if build, ok := debug.ReadBuildInfo(); ok && slices.Contains(build.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector touches all memory")
	}
	emulator.Skip(t, "its own memory counts")
	inDir(t)
	_, model := saved(t, "good.keras", loss.MeanSquaredError(), nn.Input(4), nn.Dense(2, nn.Name("dense")))
	fill(t, "one.npy", func(w io.Writer) error { return npy.Write(w, tensor.New(tensor.Float32, 1, 4)) })
	must(t, "convert", model, "good.weights.h5")
	weights, err := os.ReadFile("good.weights.h5")
	if err != nil {
		t.Fatal(err)
	}
	only := os.Getenv("GLIA_HOSTILE") // one file, or "all" with all commands
	for _, f := range hostile(string(weights)) {
		if only != "" && only != "all" && f.name != only {
			continue
		}
		b := f.b()
		if err := os.WriteFile(f.name, b, 0o666); err != nil {
			t.Fatal(err)
		}
		size, most := len(b), 64<<10+4*len(b)>>10
		b = nil
		commands := commandsFor(f.name, model)
		if only == "" && len(commands) > 3 {
			commands = slices.Delete(commands, 2, len(commands)-1)
		}
		for _, args := range commands {
			r := readingOf(t, args...)
			limit := time.Second + time.Duration(size)*time.Second/(10<<20)
			slow := ""
			if r.took > limit {
				slow = fmt.Sprintf(" SLOW, want %.1f s", limit.Seconds())
			}
			t.Logf("%7.1f MB of %.1f MB, %5.2f s, status %d: glia %q%s: %.150s", float64(r.kib)/1024, float64(size)/(1<<20), r.took.Seconds(), r.status, args, slow, strings.ReplaceAll(r.stderr, "\n", " "))
			if r.kib > most {
				t.Errorf("glia %q took %d KB of memory for a file of %d bytes: want at most %d", args, r.kib, size, most)
			}
			if r.status != 0 && r.status != 1 {
				t.Errorf("glia %q: status %d: %.500s", args, r.status, r.stderr)
			}
		}
		os.Remove(f.name)
	}
}
