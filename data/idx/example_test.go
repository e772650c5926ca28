package idx_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/glia-ml/glia/data/idx"
	"github.com/glia-ml/glia/tensor"
)

func Example() {
	var file bytes.Buffer
	if err := idx.Write(&file, tensor.Of[int16](1, -2, 300)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("% x\n", file.Bytes())
	labels, err := idx.Read(&file, 1<<20)
	fmt.Println(labels, err)
	// Output:
	// 00 00 0b 01 00 00 00 03 00 01 ff fe 01 2c
	// [  1  -2 300] <nil>
}

// A file that promises more than the limit is refused before memory is taken.
func ExampleRead() {
	_, err := idx.Read(strings.NewReader("\x00\x00\x08\x02\x7f\xff\xff\xff\x00\x00\x00\x10"), 1<<20)
	fmt.Println(err)
	// Output:
	// idx: uint8[2147483647 16]: got 34359738352 bytes, want at most 1048576
}

func ExampleReadFile() {
	dir, err := os.MkdirTemp("", "idx")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "labels")
	if err := os.WriteFile(path, []byte("\x00\x00\x08\x01\x00\x00\x00\x03\x07\x02\x01"), 0o644); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(idx.ReadFile(path, 1<<20))
	// Output: [7 2 1] <nil>
}
