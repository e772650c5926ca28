package digits

import (
	"bytes"
	"testing"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/tensor"
)

func TestLoad(t *testing.T) {
	train, test, err := Load(120, 50, 7)
	if err != nil {
		t.Fatal(err)
	}
	x, y := must(t, 120, 7)
	if !bytes.Equal(train.X().Bytes(), x) || !bytes.Equal(train.Y().Bytes(), y) {
		t.Error("the training set is not samples 0 to 119")
	}
	if got, want := test.X().Spec(), tensor.S(tensor.Uint8, 50, Side, Side); got != want {
		t.Errorf("test x is %v, want %v", got, want)
	}
	_, longer, err := Load(0, 70, 7)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(longer.X().Bytes(), test.X().Bytes()) || !bytes.HasPrefix(longer.Y().Bytes(), test.Y().Bytes()) {
		t.Error("the test samples depend on how many there are, or on the training set")
	}
	const size = Side * Side
	for k := range 50 {
		img := test.X().Bytes()[k*size:][:size]
		for j := range 120 {
			if bytes.Equal(img, x[j*size:][:size]) {
				t.Errorf("test sample %d is training sample %d", k, j)
			}
		}
	}
	for d := range uint8(Classes) {
		if n := bytes.Count(test.Y().Bytes(), []byte{d}); n != 5 {
			t.Errorf("%d is %d times among 50 test labels, want 5", d, n)
		}
	}
}

func TestLoadReadsAsFloats(t *testing.T) {
	set, err := New(20, 1)
	if err != nil {
		t.Fatal(err)
	}
	var b data.Batch
	if err := set.Scale(1.0/255).OneHot(Classes).Read([]int{3, 19}, &b); err != nil {
		t.Fatal(err)
	}
	x, y := set.X().Bytes(), set.Y().Bytes()
	for i, v := range tensor.Data[float32](b.X[0])[Side*Side:] {
		if want := float32(x[19*Side*Side+i]) * float32(1.0/255); v != want {
			t.Fatalf("pixel %d of sample 19 reads as %v, want %v", i, v, want)
		}
	}
	if got := tensor.Data[float32](b.Y[0])[int(y[3])]; got != 1 {
		t.Errorf("sample 3 is a %d, its one-hot row has %v there", y[3], got)
	}
}

func TestLoadErrors(t *testing.T) {
	for _, n := range [][2]int{{-1, 5}, {5, -1}, {MaxSamples + 1, 5}, {5, MaxSamples + 1}} {
		if a, b, err := Load(n[0], n[1], 1); err == nil || a != nil || b != nil {
			t.Errorf("Load(%d, %d) = %v, %v, %v: want an error alone", n[0], n[1], a, b, err)
		}
	}
	if _, err := New(-1, 1); err == nil {
		t.Error("New(-1): want an error")
	}
}
