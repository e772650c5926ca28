// Files times one loading, saving or converting of weights, in a process of its own
// so that its peak of memory can be told. bench/files/run calls it; see there.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/internal/atomicfile"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// tasks can be timed. Each prepares and returns the function that is timed.
var tasks = map[string]func(file string) (func() error, error){
	"read plainly":  func(file string) (func() error, error) { return func() error { return readPlainly(file) }, nil },
	"write plainly": writePlainly,
	"load":          func(file string) (func() error, error) { return func() error { return load(file) }, nil },
	"load weights":  loadWeights,
	"save":          save,

	"convert from .keras":       convertFrom(".keras"),
	"convert from .npz":         convertFrom(".npz"),
	"convert from .safetensors": convertFrom(".safetensors"),
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 || tasks[os.Args[1]] == nil {
		log.Fatal("usage: files TASK FILE LAYERS: of as many layers with a million weights each")
	}
	file := os.Args[2]
	if _, err := fmt.Sscan(os.Args[3], &layers); err != nil {
		log.Fatal(err)
	}
	run, err := tasks[os.Args[1]](file)
	if err != nil {
		log.Fatal(err)
	}
	start := time.Now()
	if err := run(); err != nil {
		log.Fatal(err)
	}
	seconds := time.Since(start).Seconds()
	info, err := os.Stat(file)
	if err != nil {
		log.Fatal(err)
	}
	peak, err := peakBytes()
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{"seconds": seconds, "bytes": info.Size(), "peak": peak}); err != nil {
		log.Fatal(err)
	}
}

// layers is how many layers the model has.
var layers int

// units is the length of their inputs and outputs.
const units = 1000

// model returns a built model of zeros, so that nothing but the weights takes memory.
func model() (*glia.Model, error) {
	net := []nn.Layer{nn.Input(units)}
	for range layers {
		net = append(net, nn.Dense(units, nn.ReLU, nn.KernelInitializer(nn.Zeros)))
	}
	m := glia.Sequential(net...)
	return m, m.Compile(optim.SGD(0.01), loss.MeanSquaredError())
}

func readPlainly(file string) error {
	b, err := os.ReadFile(file)
	if err == nil && len(b) == 0 {
		err = errors.New("the file is empty")
	}
	return err
}

// writePlainly writes as many bytes as a file with the model has.
func writePlainly(file string) (func() error, error) {
	b := make([]byte, layers*(units*units+units)*4)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1 // memory that is really there
	}
	return func() error {
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		_, err = f.Write(b)
		return errors.Join(err, f.Sync(), f.Close())
	}, nil
}

func load(file string) error {
	_, err := glia.Load(file)
	return err
}

func loadWeights(file string) (func() error, error) {
	m, err := model()
	return func() error { return m.LoadWeights(file) }, err
}

func save(file string) (func() error, error) {
	m, err := model()
	for i, v := range m.Network().Vars() {
		v.Write(func(t *tensor.Tensor) {
			for j, b := 0, t.Bytes(); j < len(b); j++ {
				b[j] = byte(i ^ j) // memory that is really there
			}
		})
	}
	write := m.SaveWeights
	if strings.HasSuffix(file, ".keras") {
		write = m.Save
	}
	return func() error { return write(file) }, err
}

// convertFrom returns a task that converts the file w with this ending, of the model in
// w.keras, as glia convert --model w.keras does.
func convertFrom(end string) func(file string) (func() error, error) {
	return func(file string) (func() error, error) {
		base := filepath.Join(filepath.Dir(file), "w")
		return func() error { return convert(base+".keras", base+end, file) }, nil
	}
}

func convert(model, from, to string) error {
	format, err := keras.FormatOf(to)
	if err != nil {
		return err
	}
	m, err := os.Open(model)
	if err != nil {
		return err
	}
	defer m.Close()
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	s, err := stored(m, f)
	if err != nil {
		return err
	}
	return atomicfile.Write(to, func(w io.Writer) error { return s.Write(w, format) })
}

// stored returns the model in one file with the weights in another.
func stored(model, weights *os.File) (*keras.State, error) {
	k, err := opened(model)
	if err != nil {
		return nil, err
	}
	f, err := opened(weights)
	if err != nil {
		return nil, err
	}
	m, err := keras.ReadModel(k.Object, keras.Options{})
	if err != nil {
		return nil, err
	}
	return m.StoredIn(f, keras.ByPlace)
}

func opened(f *os.File) (*keras.File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return keras.Open(f, info.Size())
}

// peakBytes returns the most memory that this process had, as Linux counts it.
func peakBytes() (int64, error) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			return kib << 10, nil
		}
	}
	return 0, errors.New("/proc/self/status has no VmHWM")
}
