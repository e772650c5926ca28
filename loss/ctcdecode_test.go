package loss_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/tensor"
)

// TestCTCDecode has the paths and scores of keras.ops.ctc_decode, see testdata/ctcdecode.py.
func TestCTCDecode(t *testing.T) {
	var cases []struct {
		Shape, Lengths, PathShape []int
		X, Scores                 []float32
		Paths                     []int32
		Args                      struct {
			Strategy string
			Width    int   `json:"beam_width"`
			Top      int   `json:"top_paths"`
			Merge    *bool `json:"merge_repeated"`
			Blank    *int  `json:"mask_index"`
		}
	}
	b, err := os.ReadFile("testdata/ctcdecode.json")
	if err == nil {
		err = json.Unmarshal(b, &cases)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		x, err := tensor.FromSlice(c.X, c.Shape...)
		if err != nil {
			t.Fatal(err)
		}
		var opts []loss.DecodeOption
		if c.Args.Strategy != "" {
			opts = append(opts, loss.BeamSearch(c.Args.Width, c.Args.Top))
		}
		if c.Args.Merge != nil {
			opts = append(opts, loss.KeepRepeated)
		}
		if c.Args.Blank != nil {
			opts = append(opts, loss.Blank(*c.Args.Blank))
		}
		paths, scores, err := loss.CTCDecode(x, c.Lengths, opts...)
		if err != nil {
			t.Fatal(err)
		}
		if got := tensor.Data[int32](paths); !slices.Equal(got, c.Paths) || paths.Shape() != tensor.D(c.PathShape...) {
			t.Errorf("%v %+v: got %v, want %v %v", c.Shape, c.Args, paths, c.PathShape, c.Paths)
		}
		for i, v := range tensor.Data[float32](scores) {
			if want := c.Scores[i]; math.Abs(float64(v-want)) > 2e-5*math.Max(1, math.Abs(float64(want))) && !(want < -1e29 && math.IsInf(float64(v), -1)) {
				t.Errorf("%v %+v: got scores %v, want %v", c.Shape, c.Args, scores, c.Scores)
				break
			}
		}
	}
}

// TestCTCDecodeRefused tells what is wrong.
func TestCTCDecodeRefused(t *testing.T) {
	x := tensor.New(tensor.Float32, 2, 3, 4)
	nan := tensor.New(tensor.Float32, 1, 1, 2)
	tensor.Data[float32](nan)[1] = float32(math.NaN())
	for want, f := range map[string]func() error{
		"want logits of floats":               func() error { _, _, err := loss.CTCDecode(tensor.New(tensor.Int32, 2, 3, 4), nil); return err },
		"want logits":                         func() error { _, _, err := loss.CTCDecode(nil, nil); return err },
		"1 lengths of logits":                 func() error { _, _, err := loss.CTCDecode(x, []int{1}); return err },
		"sequence 1 has 0 times: want 1 to 3": func() error { _, _, err := loss.CTCDecode(x, []int{3, 0}); return err },
		"Blank(4) of 4 classes":               func() error { _, _, err := loss.CTCDecode(x, nil, loss.Blank(4)); return err },
		"BeamSearch(2, 3)":                    func() error { _, _, err := loss.CTCDecode(x, nil, loss.BeamSearch(2, 3)); return err },
		"BeamSearch(0, 0)":                    func() error { _, _, err := loss.CTCDecode(x, nil, loss.BeamSearch(0, 0)); return err },
		"sequence 0, time 0: a logit is NaN":  func() error { _, _, err := loss.CTCDecode(nan, nil); return err },
		"option 0 is empty":                   func() error { _, _, err := loss.CTCDecode(x, nil, loss.DecodeOption{}); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func ExampleCTCDecode() {
	// Five times, of the classes blank, a and b: a a blank a b.
	logits, _ := tensor.FromSlice([]float32{0, 5, 0, 0, 5, 0, 5, 0, 0, 0, 5, 0, 0, 0, 5}, 1, 5, 3)
	paths, _, err := loss.CTCDecode(logits, nil)
	fmt.Println(paths, err)
	// Output: [[[ 1  1  2 -1 -1]]] <nil>
}
