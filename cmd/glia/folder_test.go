package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	dataimage "github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/internal/picturetest"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// shape draws a picture of a kind: a light disc, square or cross on a dark ground of any color.
func shape(kind string, r *rand.Rand) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 20+r.IntN(20), 20+r.IntN(20)))
	dark, light := uint8(r.IntN(100)), uint8(170+r.IntN(80))
	size := 6 + r.IntN(3)
	x, y := size+r.IntN(img.Rect.Dx()-2*size), size+r.IntN(img.Rect.Dy()-2*size)
	for i := range img.Rect.Dx() {
		for j := range img.Rect.Dy() {
			dx, dy := i-x, j-y
			near := max(dx, -dx) <= size && max(dy, -dy) <= size
			inside := map[string]bool{
				"disc":   dx*dx+dy*dy <= size*size,
				"square": near,
				"cross":  near && (dx*dx <= 4 || dy*dy <= 4),
				"empty":  false,
			}[kind]
			c := color.RGBA{dark, dark / 2, 40, 255}
			if inside {
				c = color.RGBA{light, light, 90, 255}
			}
			img.SetRGBA(i, j, c)
		}
	}
	return img
}

// encoders write pictures in formats, by the endings of their names.
var encoders = map[string]func(io.Writer, image.Image) error{
	"png":  png.Encode,
	"jpeg": func(w io.Writer, img image.Image) error { return jpeg.Encode(w, img, &jpeg.Options{Quality: 95}) },
	"gif":  func(w io.Writer, img image.Image) error { return gif.Encode(w, img, nil) },
	"bmp":  bmp.Encode,
	"tif":  func(w io.Writer, img image.Image) error { return tiff.Encode(w, img, nil) },
}

// drawFolder makes a directory with a folder of n pictures for each kind, of all formats.
func drawFolder(t *testing.T, n int, kinds ...string) string {
	t.Helper()
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(7, 7))
	endings := []string{"png", "jpeg", "gif", "bmp", "tif"}
	for _, kind := range kinds {
		for i := range n {
			end := endings[i%len(endings)]
			var b bytes.Buffer
			if err := encoders[end](&b, shape(kind, r)); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, kind, fmt.Sprintf("%d.%s", i, end)), b.Bytes())
		}
	}
	return dir
}

// put writes a file, and makes the directory that it is in.
func put(t *testing.T, path string, content []byte) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, content, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// whiteWebP is a WebP of one white pixel.
const whiteWebP = "RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x000\x01\x00\x9d\x01*\x01\x00\x01\x00\x02\xc0L%\xa4\x00\x03p\x00\xfe\xf7\x8c\x00\x00"

// TestFolder trains on pictures, tests and predicts with the model, and shows its classes.
func TestFolder(t *testing.T) {
	dir, work := drawFolder(t, 30, "disc", "square", "cross"), t.TempDir()
	path, to := filepath.Join(work, "m.keras"), filepath.Join(work, "out.json")
	out := must(t, "train", dir, "--size", "24", "--epochs", "12", "--batch-size", "8", "--save", path, "--json", to)
	for _, want := range []string{
		"Data: " + regexp.QuoteMeta(dir) + ", 72 pictures of 3 classes for training, 18 for validation\n",
		`Classes: 3 \(cross, disc, square\)`,
		`Epoch 12/12 - .* - val_accuracy: `,
		`Validation:\nloss`,
		`a row for each class`,
		` cross   disc square\n`,
		`square +\d\.\d{4} `,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("output lacks %s:\n%s", want, out)
		}
	}
	rec := read(t, to)
	if a := rec.Test.Metrics["accuracy"]; a < 0.9 || rec.Samples != 72 || !slices.Equal(rec.Classes, []string{"cross", "disc", "square"}) || rec.BatchSize != 8 {
		t.Errorf("JSON: accuracy %v of %+v", a, rec)
	}

	some := drawFolder(t, 10, "square", "disc") // in other places of the list
	tested := must(t, "evaluate", path, some, "--json", to)
	var e evaluateRecord
	readJSON(t, to, &e)
	if e.Metrics["accuracy"] < 0.9 || e.Samples != 20 || e.Dataset != some || e.Classes[2].Name != "square" || e.Classes[2].Samples != 10 || e.Classes[0].Samples != 0 || e.Confusion[2][2] < 8 {
		t.Errorf("JSON of evaluate: %+v in\n%s", e, tested)
	}

	square := filepath.Join(some, "square", "3.bmp")
	if out := must(t, "predict", path, square, "--top", "2"); !regexp.MustCompile(`: square\n  square +[01]\.\d{4}  █+\n  (cross|disc) `).MatchString(out) || strings.Count(out, "\n") != 3 {
		t.Errorf("predict: %s", out)
	}
	white := create(t, "white.webp", func(w io.Writer) error { _, err := io.WriteString(w, whiteWebP); return err })
	if got := outputs(t, path, white)[0]; got.Class == "" || got.Input != white {
		t.Errorf("predict of a WebP: %+v", got)
	}
	m, err := glia.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := dataimage.OpenFolder(some, dataimage.Frame{Width: 24, Height: 24, Channels: 3}, dataimage.Labels(dataimage.NoLabels))
	if err != nil {
		t.Fatal(err)
	}
	var b data.Batch
	if err := f.Read([]int{slices.Index(f.Files(), square)}, &b); err != nil {
		t.Fatal(err)
	}
	want, err := m.Predict(b.X[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := outputs(t, path, square)[0]; got.Class != "square" || float64(got.Outputs[2]) != want.Float64s()[2] {
		t.Errorf("predict gives %+v, want the pixels of training, which give %v", got, want)
	}
	for command, want := range map[string]string{"summary": " Classes: 3 (cross, disc, square)\n", "inspect": `@ class_names: ["cross","disc","square"]`} {
		if out := must(t, command, path); !strings.Contains(out, want) {
			t.Errorf("%s: %s, want %s in it", command, out, want)
		}
	}
	for _, copy := range []string{"copy.h5", "copy.keras"} {
		must(t, "convert", path, filepath.Join(work, copy))
		if m, err := glia.Load(filepath.Join(work, copy)); err != nil || !slices.Equal(m.ClassNames(), rec.Classes) {
			t.Errorf("%s: class names %q, error %v", copy, m.ClassNames(), err)
		}
	}
}

// TestFolderNetworks trains each kind of network for pictures for a step or two.
func TestFolderNetworks(t *testing.T) {
	if testing.Short() {
		t.Skip("deep networks")
	}
	dir := drawFolder(t, 6, "disc", "square")
	for kind, want := range map[string]string{"cnn": "conv2d", "resnet": "add_8 (Add)", "mobilenet": "depthwise_conv2d_16"} {
		path := filepath.Join(t.TempDir(), "m.keras")
		out := must(t, "train", dir, "--model", kind, "--size", "56", "--epochs", "1", "--dropout", "0.1", "--l2", "1e-4", "--save", path)
		if !strings.Contains(out, want) || !strings.Contains(out, "Epoch 1/1") {
			t.Errorf("%s: %s", kind, out)
		}
		must(t, "evaluate", path, dir)
	}
}

// TestFolderResume stops a training in its middle and goes on, to the same bits.
func TestFolderResume(t *testing.T) {
	dir, work := drawFolder(t, 15, "disc", "square"), t.TempDir()
	args := func(name string, more ...string) []string {
		return append([]string{"train", dir, "--size", "16", "--augment", "--epochs", "4", "--batch-size", "5",
			"--json", filepath.Join(work, name+".json"), "--save", filepath.Join(work, name+".keras")}, more...)
	}
	must(t, args("whole")...)
	checkpoint := []string{"--checkpoint", filepath.Join(work, "run"), "--resume"}
	ctx, stop := context.WithCancel(t.Context())
	out, errs := &stopper{word: "Epoch 2/", stop: stop}, &bytes.Buffer{}
	if status := run(ctx, args("cut", checkpoint...), out, errs); status != 1 || !strings.Contains(out.String(), "To go on, run the same command with --resume") {
		t.Fatalf("status %d, output %s, stderr %s", status, out, errs)
	}

	other := drawFolder(t, 15, "disc", "cross")
	status, _, text := exec(t.Context(), append([]string{"train", other, "--size", "16", "--augment", "--epochs", "4", "--batch-size", "5"}, checkpoint...)...)
	if status != 1 || !strings.Contains(text, "class names: cross, disc now, disc, square then") {
		t.Errorf("with other classes: status %d, stderr %s", status, text)
	}

	if out := must(t, args("cut", checkpoint...)...); !strings.Contains(out, "Going on from") {
		t.Errorf("output %s", out)
	}
	whole, cut := filepath.Join(work, "whole"), filepath.Join(work, "cut")
	if !bytes.Equal(variables(t, whole+".keras"), variables(t, cut+".keras")) {
		t.Error("weights are not those of a training that was not stopped")
	}
	if got, want := without(read(t, cut+".json")), without(read(t, whole+".json")); got != want {
		t.Errorf("JSON %s, want %s", got, want)
	}
}

// TestAugment has the layers that change pictures once, whatever the network, and they change
// nothing in predictions.
func TestAugment(t *testing.T) {
	dir, work := drawFolder(t, 8, "disc", "square"), t.TempDir()
	first, again, bare, onto := filepath.Join(work, "first.keras"), filepath.Join(work, "again.keras"), filepath.Join(work, "bare.keras"), filepath.Join(work, "onto.keras")
	must(t, "train", dir, "--size", "16", "--augment", "--epochs", "1", "--save", first)
	must(t, "train", dir, "--augment", "--epochs", "1", "--model", first, "--save", again)
	must(t, "train", dir, "--size", "16", "--epochs", "1", "--save", bare)
	must(t, "train", dir, "--augment", "--epochs", "1", "--model", bare, "--save", onto)
	picture := filepath.Join(dir, "disc", "0.png")
	for _, path := range []string{first, again, onto} {
		out := must(t, "summary", path)
		for _, class := range []string{"RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "RandomContrast", "Rescaling"} {
			if n := strings.Count(out, "("+class+")"); n != 1 {
				t.Errorf("%s has %d layers %s, want 1: %s", path, n, class, out)
			}
		}
		if a, b := outputs(t, path, picture), outputs(t, path, picture); !slices.Equal(a[0].Outputs, b[0].Outputs) {
			t.Errorf("%s predicts %v, then %v", path, a[0].Outputs, b[0].Outputs)
		}
	}
	if out := must(t, "summary", bare); strings.Contains(out, "Random") {
		t.Errorf("without --augment: %s", out)
	}
}

// weights returns the values of the variables of a network's layers of a class.
func weights(t *testing.T, m *glia.Model, class string) (all [][]byte) {
	t.Helper()
	for _, r := range m.Network().Records() {
		if r.Class == class {
			for _, v := range slices.Concat(r.Params, r.States) {
				all = append(all, v.Tensor().Bytes())
			}
		}
	}
	return all
}

// TestTransfer trains a network on other classes, and on its own in another order.
func TestTransfer(t *testing.T) {
	m := glia.Sequential(nn.Input(16, 16, 3), nn.Conv2D(4, 3, nn.ReLU), nn.BatchNormalization(), nn.Flatten(), nn.Dense(2), nn.Activation(nn.Softmax))
	if err := m.Compile(ruleOf("sgd").new(0.1), loss.CategoricalCrossentropy()); err != nil {
		t.Fatal(err)
	}
	if err := m.SetClassNames("square", "disc"); err != nil { // not as a folder has them
		t.Fatal(err)
	}
	work := t.TempDir()
	base := filepath.Join(work, "base.keras")
	if err := m.Save(base); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		kinds  []string
		freeze bool
		names  []string
	}{
		"others":        {[]string{"cross", "disc", "square"}, false, []string{"cross", "disc", "square"}},
		"others frozen": {[]string{"cross", "disc", "square"}, true, []string{"cross", "disc", "square"}},
		"as many":       {[]string{"cross", "disc"}, true, []string{"cross", "disc"}},
		"own":           {[]string{"disc", "square"}, false, []string{"square", "disc"}},
		"own frozen":    {[]string{"disc", "square"}, true, []string{"square", "disc"}},
	} {
		path := filepath.Join(work, name+".keras")
		args := []string{"train", drawFolder(t, 8, c.kinds...), "--model", base, "--epochs", "2", "--save", path}
		if c.freeze {
			args = append(args, "--freeze")
		}
		out := must(t, args...)
		got, err := glia.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.ClassNames(), c.names) {
			t.Errorf("%s: class names %q, want %q", name, got.ClassNames(), c.names)
		}
		if _, scales := got.Network().Layers()[1].(*preprocess.RescalingLayer); !scales {
			t.Errorf("%s: the model takes no pixels from 0 to 255: %s", name, out)
		}
		same := slices.EqualFunc(append(weights(t, m, "Conv2D"), weights(t, m, "BatchNormalization")...), append(weights(t, got, "Conv2D"), weights(t, got, "BatchNormalization")...), bytes.Equal)
		if same != c.freeze {
			t.Errorf("%s: weights below the last layer are the same: %v", name, same)
		}
		if activations := strings.Count(out, "(Activation)"); (activations == 1) != strings.HasPrefix(name, "own") {
			t.Errorf("%s: the last layers are %s", name, out)
		}
	}
	thawed := filepath.Join(work, "thawed.keras")
	must(t, "train", drawFolder(t, 8, "disc", "square"), "--model", filepath.Join(work, "own frozen.keras"), "--epochs", "1", "--save", thawed)
	if m, err := glia.Load(thawed); err != nil || len(m.Network().Params()) != 6 {
		t.Errorf("%d variables are trained, want 6 without --freeze; error %v", len(m.Network().Params()), err)
	}
}

// TestTransferOfGraph puts a new head on a network that branches, and on one without a head.
func TestTransferOfGraph(t *testing.T) {
	in := nn.Apply(nn.Input(16, 16, 1))
	x := nn.Apply(preprocess.Rescaling(1.0/255, 0), in)
	y := nn.Apply(nn.Conv2D(4, 3, nn.Same, nn.ReLU), x)
	y = nn.Apply(nn.Concatenate(), y, x)
	for name, out := range map[string]*nn.Symbol{
		"head": nn.Apply(nn.Dense(5), nn.Apply(nn.Flatten(), y)),
		"bare": y,
	} {
		m := glia.Functional([]*nn.Symbol{in}, []*nn.Symbol{out})
		if _, err := m.Predict(tensor.New(tensor.Float32, 1, 16, 16, 1)); err != nil {
			t.Fatal(err)
		}
		base, to := filepath.Join(t.TempDir(), "base.keras"), filepath.Join(t.TempDir(), "m.keras")
		if err := m.Save(base); err != nil {
			t.Fatal(err)
		}
		text := must(t, "train", drawFolder(t, 8, "disc", "empty"), "--model", base, "--freeze", "--epochs", "1", "--save", to)
		if strings.Count(text, "(Rescaling)") != 1 || !strings.Contains(text, "(None, 2)") || strings.Count(text, "(Dense)") != 1 {
			t.Errorf("%s: %s", name, text)
		}
		if out := must(t, "predict", to, filepath.Join(drawFolder(t, 1, "disc"), "disc", "0.png")); !strings.Contains(out, "empty") {
			t.Errorf("%s: predict: %s", name, out)
		}
	}
}

// TestFolderErrors trains and tests with what cannot be, and wants to be told before.
func TestFolderErrors(t *testing.T) {
	two, one := drawFolder(t, 5, "disc", "square"), drawFolder(t, 5, "disc")
	bad := drawFolder(t, 5, "disc", "square")
	put(t, filepath.Join(bad, "disc", "half.png"), []byte("\x89PNG\r\n\x1a\n"))
	put(t, filepath.Join(bad, "square", "a\x1b[31m.jpg"), []byte("text"))
	put(t, filepath.Join(bad, "square", "moving.webp"), animated())
	put(t, filepath.Join(bad, "notes.txt"), []byte("notes"))
	put(t, filepath.Join(bad, "disc", "photo.heic"), []byte("heic"))
	hollow := drawFolder(t, 5, "disc", "square")
	if err := os.Mkdir(filepath.Join(hollow, "none"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, flat := saved(t, "flat.keras", nil, nn.Input(5), nn.Dense(2))
	_, unnamed := saved(t, "unnamed.keras", loss.CategoricalCrossentropy(), nn.Input(16, 16, 3), nn.Flatten(), nn.Dense(2, nn.Softmax))
	for _, c := range []struct {
		args    []string
		status  int
		pattern string
	}{
		{[]string{"train", one}, 1, `^glia: 1 folders of classes in ".*" \["disc"\]: want two or more\n$`},
		{[]string{"train", t.TempDir()}, 1, `^glia: 0 folders of classes in ".*" \[\]: want two or more\n$`},
		{[]string{"train", hollow}, 1, `^glia: no pictures in folders \["none"\] of ".*": want some of each class\n$`},
		{[]string{"train", bad}, 1, `^glia: 3 of 13 pictures are unreadable; --skip-unreadable leaves such out:\n  "disc.half.png": .*\n  "square.a\\x1b\[31m.jpg": .*\n  "square.moving.webp": .*animated.*\n$`},
		{[]string{"train", two, "--validation-split", "0.01"}, 1, `^glia: --validation-split: 10 pictures at fraction 0.01: got 10 for training and 0 for validation`},
		{[]string{"train", two, "--model", "mlp"}, 2, `--model: got "mlp", want cnn, resnet, mobilenet or FILE.keras`},
		{[]string{"train", two, "--model", "no.keras"}, 1, `^glia: no.keras: no such file`},
		{[]string{"train", two, "--model", flat}, 1, `flat.keras: the model takes \[5\]: want one of pictures`},
		{[]string{"train", two, "--model", unnamed, "--size", "32"}, 2, `--size is for networks that begin anew`},
		{[]string{"train", two, "--freeze"}, 2, `--freeze: want --model FILE.keras with it`},
		{[]string{"train", two, "--size", "4"}, 2, `--size: got 4, want 8 to 1024`},
		{[]string{"train", two, "--hidden", "10"}, 2, `--hidden is for mnist`},
		{[]string{"train", two, "--offline"}, 2, `--offline is for mnist`},
		{[]string{"train", two, "--seed", "4294967296"}, 2, `--seed: got 4294967296, want 4294967295 or less`},
		{[]string{"train", "mnist", "--augment"}, 2, `--augment is for a folder of pictures`},
		{[]string{"train", "mnist", "--size", "32"}, 2, `--size is for a folder of pictures`},
		{[]string{"train", "mnist", "--model", unnamed}, 2, `want mlp or cnn`},
		{[]string{"train", filepath.Join(two, "disc", "0.png")}, 2, `want mnist, or a folder`},
		{[]string{"evaluate", unnamed, two}, 1, `unnamed.keras: the model has no names of classes: want --classes a,b,c`},
		{[]string{"evaluate", unnamed, two, "--classes", "a,b,c"}, 1, `--classes: got 3 names, the model gives \[2\]`},
		{[]string{"evaluate", unnamed, two, "--classes", "disc,cross"}, 1, `^glia: folders \["square"\] in ".*": want names of classes, which are \["disc" "cross"\]`},
		{[]string{"evaluate", flat, two, "--classes", "disc,square", "--loss", "mse"}, 1, `flat.keras: the model takes \[5\]: want one of pictures`},
		{[]string{"evaluate", unnamed, "digits", "--classes", "a,b"}, 2, `--classes and --skip-unreadable are for a folder`},
		{[]string{"predict", unnamed, filepath.Join(bad, "square", "moving.webp")}, 1, `moving.webp: .*animated`},
	} {
		status, out, errs := exec(t.Context(), c.args...)
		if status != c.status || !regexp.MustCompile(c.pattern).MatchString(errs) || strings.Contains(out, "Epoch") {
			t.Errorf("glia %q: status %d, output %s, stderr %s, want status %d and %s", c.args, status, out, errs, c.status, c.pattern)
		}
	}
	status, out, errs := exec(t.Context(), "train", bad, "--skip-unreadable", "--size", "16", "--epochs", "1")
	if status != 0 || !strings.Contains(out, "8 pictures of 2 classes for training, 2 for validation") ||
		!strings.Contains(errs, "glia: left out: 3 of 13 pictures are unreadable") || !strings.Contains(errs, `"disc/half.png"`) ||
		!strings.Contains(errs, "no pictures by their names, in "+bad+": notes.txt, disc"+string(filepath.Separator)+"photo.heic\n") || strings.Contains(errs, "\x1b") {
		t.Errorf("status %d, output %s, stderr %s", status, out, errs)
	}
}

// animated returns the head of an animated WebP.
func animated() []byte {
	return []byte("RIFF\x30\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x0f\x00\x00\x0f\x00\x00ANIM\x06\x00\x00\x00\xff\xff\xff\xff\x00\x00")
}

// TestEvaluateBinary tests a model of one output, whose pixels are from 0 to 1, on a folder.
func TestEvaluateBinary(t *testing.T) {
	dir := drawFolder(t, 8, "disc", "empty")
	layers := []nn.Layer{nn.Input(8, 8, 3), nn.GlobalMaxPooling2D(), nn.Dense(1, nn.KernelInitializer(nn.Constant(4)), nn.BiasInitializer(nn.Constant(-5)))}
	_, path := saved(t, "m.keras", loss.BinaryCrossentropy(loss.FromLogits), layers...)
	to := filepath.Join(t.TempDir(), "out.json")
	var e evaluateRecord
	if status, _, errs := exec(t.Context(), "evaluate", path, dir, "--classes", "empty,disc", "--json", to); status != 0 { // it warns of the accuracy
		t.Fatal(errs)
	}
	readJSON(t, to, &e)
	if b, _ := json.Marshal(e.Confusion); string(b) != "[[8,0],[0,8]]" || e.Loss > 0.7 {
		t.Errorf("confusion %s, loss %v", b, e.Loss)
	}
}

// TestFolderTerminal has classes and files whose names do on a terminal what they should not.
func TestFolderTerminal(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such names on " + runtime.GOOS)
	}
	from := drawFolder(t, 5, "disc", "square")
	dir := t.TempDir()
	line := evil + "\nline" // which would be one of its own
	for kind, name := range map[string]string{"disc": line, "square": evil + "2"} {
		if err := os.Rename(filepath.Join(from, kind), filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	put(t, filepath.Join(dir, line, evil+".txt"), nil)
	path := filepath.Join(t.TempDir(), "m.keras")
	picture := filepath.Join(drawFolder(t, 1, "disc"), "disc", "0.png")
	bad := filepath.Join(dir, line, evil+".png")
	for i, args := range [][]string{
		{"train", dir, "--size", "16", "--epochs", "1", "--save", path}, {"evaluate", path, dir}, {"predict", path, picture},
		{"summary", path}, {"inspect", path}, {"show", dir, "--png", filepath.Join(t.TempDir(), "x.png")},
		{"evaluate", path, drawFolder(t, 2, "disc", "cross")}, {"train", dir},
	} {
		if i == 7 {
			put(t, bad, []byte("bad"))
		}
		var stdout, stderr bytes.Buffer
		status := run(t.Context(), args, &stdout, &stderr)
		if status != min(i/6, 1) {
			t.Errorf("glia %q: status %d, stderr %s", args, status, &stderr)
		}
		text := stdout.String() + stderr.String()
		if strings.Contains(text, "\nline") || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' }) {
			t.Errorf("glia %q: it prints %q", args, text)
		}
	}
}

// TestFolderMemory has a picture that takes more memory than goes with its size.
func TestFolderMemory(t *testing.T) {
	dir := drawFolder(t, 4, "disc", "square")
	put(t, filepath.Join(dir, "disc", "large.jpg"), picturetest.JPEG(4000, 4000, true, 1, 0x11, 0x11, 0x11))
	status, _, errs := exec(t.Context(), "train", dir, "--size", "16", "--epochs", "1")
	if status != 1 || !strings.Contains(errs, `large.jpg": jpeg of 4000 x 4000 pixels takes`) || !strings.HasSuffix(errs, "\n--memory allows more for a picture\n") {
		t.Errorf("status %d, stderr %s", status, errs)
	}
	must(t, "train", dir, "--size", "16", "--epochs", "1", "--memory", "1GB", "--quiet")
}
