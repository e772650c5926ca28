package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestTrainInPolicies trains in every dtype policy, and evaluates and predicts with what
// was saved.
func TestTrainInPolicies(t *testing.T) {
	data, dir := tiny(t), t.TempDir()
	losses := map[string]string{}
	for _, policy := range dtypePolicies {
		model, to := filepath.Join(dir, policy+".keras"), filepath.Join(dir, policy+".json")
		status, out, errs := exec(t.Context(), "train", "mnist", "--data", data, "--epochs", "2", "--batch-size", "32", "--hidden", "24",
			"--learning-rate", "0.003", "--dtype", policy, "--save", model, "--json", to)
		if status != 0 || errs != "" {
			t.Fatalf("%s: status %d, stderr %q", policy, status, errs)
		}
		if rec := read(t, to); rec.DType != policy || rec.Test == nil || !(rec.Epochs[1].Loss < rec.Epochs[0].Loss) {
			t.Errorf("%s: JSON: %+v", policy, rec)
		}
		m, err := glia.Load(model)
		if err != nil {
			t.Fatal(err)
		}
		p := m.Network().DType
		if _, scales := m.Optimizer().(*optim.LossScaleOptimizer); string(p) != policy || scales != (p == nn.MixedFloat16) {
			t.Errorf("%s: the file has policy %s and optimizer %T", policy, p, m.Optimizer())
		}
		want := p.ComputeDType()
		if strings.HasPrefix(policy, "mixed") {
			want = tensor.Float32
		}
		if r := m.Network().Records(); r[len(r)-1].Out[0].DType != want || r[2].Out[0].DType != p.ComputeDType() {
			t.Errorf("%s: layers make %v, the last %v", policy, r[2].Out, r[len(r)-1].Out)
		}
		test := regexp.MustCompile(`Test:\nloss +[\d.]+\naccuracy +\S+`)
		losses[test.FindString(out)] = policy
		status, again, errs := exec(t.Context(), "evaluate", model, "mnist", "--data", data)
		if status != 0 || errs != "" || test.FindString(again) != test.FindString(out) || test.FindString(out) == "" {
			t.Errorf("%s: evaluate: status %d, stderr %q: %q, after training %q", policy, status, errs, test.FindString(again), test.FindString(out))
		}
		status, out, errs = exec(t.Context(), "predict", model, filepath.Join(data, "t10k-images-idx3-ubyte"), "--limit", "3")
		if status != 0 || errs != "" || !regexp.MustCompile(`\d+(\.\d+)? ?%|0\.\d+`).MatchString(out) {
			t.Errorf("%s: predict: status %d, stderr %q:\n%s", policy, status, errs, out)
		}
	}
	if len(losses) < 4 {
		t.Errorf("losses %v: want other ones for other dtypes", losses)
	}
}
