package tensor

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
)

type printGolden struct {
	NumPy        string
	HalvesSHA256 string `json:"halves_sha256"`
	Cases        []struct {
		DType string
		Shape []int
		Zlib  []byte
		Text  string
	}
}

func readPrintGolden(t *testing.T) (g printGolden) {
	t.Helper()
	text, err := os.ReadFile("testdata/print.json")
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil || len(g.Cases) == 0 {
		t.Fatalf("testdata/print.json: %d cases: %v", len(g.Cases), err)
	}
	return g
}

// The texts come from testdata/print.py.
func TestStringIsNumPys(t *testing.T) {
	for _, c := range readPrintGolden(t).Cases {
		x := New(ParseDType(c.DType), c.Shape...)
		r, err := zlib.NewReader(bytes.NewReader(c.Zlib))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, x.Bytes()); err != nil && len(x.Bytes()) > 0 {
			t.Fatal(err)
		}
		if got := x.String(); got != c.Text {
			t.Errorf("%v: got\n%s\nwant\n%s", x.Spec(), got, c.Text)
		}
	}
}

func TestStringOfEveryHalf(t *testing.T) {
	want := readPrintGolden(t).HalvesSHA256
	all := make([]string, 1<<16)
	for i := range all {
		all[i] = Scalar(F16(i)).String()
	}
	sum := sha256.Sum256([]byte(strings.Join(all, "\n")))
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("SHA-256 of the texts of all halves: got %s, want NumPy's %s", got, want)
	}
}

func TestStringOfViews(t *testing.T) {
	x := iota32(t, 2, 3)
	tr, err := x.Transpose()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tr.String(), "[[0. 3.]\n [1. 4.]\n [2. 5.]]"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := Of(BF16FromFloat32(1.5), BF16FromFloat32(3.140625)).String(), "[1.5  3.14]"; got != want {
		t.Errorf("bfloat16: got %s, want %s", got, want)
	}
	if got, want := (&Tensor{}).String(), "<invalid tensor>"; got != want {
		t.Errorf("zero Tensor: got %s, want %s", got, want)
	}
}
