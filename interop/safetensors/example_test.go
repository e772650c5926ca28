package safetensors_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/tensor"
)

// file is a small file of two tensors.
func file() *bytes.Reader {
	kernel, err := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 3, 2)
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	err = safetensors.Write(&b, []safetensors.Entry{
		{Name: "dense/kernel", Tensor: kernel},
		{Name: "dense/bias", Tensor: tensor.Of[float32](-1, 1)},
	}, map[string]string{"format": "glia"})
	if err != nil {
		panic(err)
	}
	return bytes.NewReader(b.Bytes())
}

func Example() {
	r := file()
	f, err := safetensors.New(r, r.Size())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Metadata())
	for _, name := range f.Names() {
		t, err := f.Tensor(name)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(name, t.Spec())
	}
	// Output:
	// map[format:glia]
	// dense/bias float32[2]
	// dense/kernel float32[3 2]
}

func ExampleWrite() {
	var b bytes.Buffer
	err := safetensors.Write(&b, []safetensors.Entry{{Name: "x", Tensor: tensor.Of[int16](1, 2)}}, nil)
	fmt.Printf("%q %v\n", b.Bytes(), err)
	// Output:
	// "8\x00\x00\x00\x00\x00\x00\x00{\"x\":{\"dtype\":\"I16\",\"shape\":[2],\"data_offsets\":[0,4]}}  \x01\x00\x02\x00" <nil>
}

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "safetensors")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	var b bytes.Buffer
	if _, err := file().WriteTo(&b); err != nil {
		fmt.Println(err)
		return
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	f, err := safetensors.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	info, err := f.Info("dense/kernel")
	fmt.Println(info.DType, info.Shape, info.Bytes, err)
	// Output: F32 [3 2] 24 <nil>
}

func ExampleNew() {
	r := bytes.NewReader([]byte("\x08\x00\x00\x00\x00\x00\x00\x00{\"x\":[1]"))
	_, err := safetensors.New(r, r.Size())
	fmt.Println(err)
	// Output: safetensors: tensor "x": header byte 5: got "[1]", want '{'
}

// Some rows of a large table are read without the others.
func ExampleFile_ReadPart() {
	r := file()
	f, err := safetensors.New(r, r.Size())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.ReadPart("dense/kernel", 1, 3))
	// Output:
	// [[3. 4.]
	//  [5. 6.]] <nil>
}

// Weights that exist already are overwritten in place.
func ExampleFile_ReadInto() {
	r := file()
	f, err := safetensors.New(r, r.Size())
	if err != nil {
		fmt.Println(err)
		return
	}
	bias := tensor.New(tensor.Float32, 2)
	fmt.Println(f.ReadInto("dense/bias", bias), bias)
	fmt.Println(f.ReadInto("dense/kernel", bias))
	// Output:
	// <nil> [-1.  1.]
	// safetensors: tensor "dense/kernel": ReadInto float32[2]: want float32[3 2]
}

// A tensor of one file becomes one of another without being in memory as a whole.
func ExampleFile_Source() {
	r := file()
	f, err := safetensors.New(r, r.Size())
	if err != nil {
		fmt.Println(err)
		return
	}
	kernel, err := f.Source("dense/kernel")
	if err != nil {
		fmt.Println(err)
		return
	}
	var b bytes.Buffer
	err = safetensors.Write(&b, []safetensors.Entry{{Name: "w", Tensor: kernel}}, nil)
	fmt.Printf("%s %d bytes %v\n", kernel.Spec(), b.Len(), err)
	// Output: float32[3 2] 96 bytes <nil>
}
