package keras_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// ofOnes returns a .keras file of a model with a weight matrix of ones.
func ofOnes() ([]byte, error) {
	model := glia.Sequential(nn.Input(3), nn.Dense(2, nn.NoBias, nn.KernelInitializer(nn.Ones)))
	if _, err := model.Predict(tensor.New(tensor.Float32, 1, 3)); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err := model.SaveTo(&b, keras.Archive)
	return b.Bytes(), err
}

// A weight that was changed is read as it is; the checksum tells.
func ExampleFile_Verify() {
	b, err := ofOnes()
	if err != nil {
		fmt.Println(err)
		return
	}
	ones := bytes.Repeat([]byte{0, 0, 0x80, 0x3f}, 6)
	b[bytes.Index(b, ones)] = 1
	f, err := keras.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		fmt.Println(err)
		return
	}
	w, err := f.Weights[0].Tensor()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(w.Spec(), w.Float64s()[0] == 1)
	fmt.Println(strings.HasSuffix(fmt.Sprint(f.Verify()), "the file is damaged"))
	// Output:
	// float32[3 2] false
	// true
}

// A weight is written elsewhere without being in memory as a whole.
func ExampleWeight_Source() {
	b, err := ofOnes()
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := keras.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		fmt.Println(err)
		return
	}
	src, err := f.Weights[0].Source()
	if err != nil {
		fmt.Println(err)
		return
	}
	var out bytes.Buffer
	err = tensor.WriteLittleEndian(&out, src)
	fmt.Println(src.Spec(), out.Len(), "bytes", err)
	// Output: float32[3 2] 24 bytes <nil>
}
