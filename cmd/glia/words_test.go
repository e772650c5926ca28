package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
)

// TestMessagesNameFlags wants what the library advises a program in the words of the command
// line, and each prefix once.
func TestMessagesNameFlags(t *testing.T) {
	dir, run := tiny(t), t.TempDir()
	_, path := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(28, 28), nn.Flatten(), nn.Dense(10, nn.Softmax))
	train := []string{"train", "mnist", "--quiet", "--data", dir, "--checkpoint", run, "--resume"}
	killAt(t, "Epoch 3/", []string{"train", "mnist", "--data", dir, "--checkpoint", run, "--epochs", "1000"})
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"evaluate", path, "mnist", "--data", dir, "--memory", "1KB"}, 1, `^glia: \S*m\.keras: Evaluate: .*; a smaller batch takes less, --memory allows more\n$`},
		{append(train, "--epochs", "1"), 1, `^glia: --checkpoint: \S*backup\.safetensors: it is of \d+ epochs: want \d+ or more, got 1\n$`},
		{append(train, "--epochs", "9000", "--hidden", "3"), 1, `^glia: --checkpoint: \S*backup\.safetensors: it is the backup of another training: `},
		{[]string{"train", "mnist", "--quiet", "--data", dir, "--epochs", "1", "--optimizer", "sgd", "--learning-rate", "1e30"}, 0,
			`^(glia: warning: .*: the loss is (NaN|\+Inf), the data of the batch is finite\n)+$`},
		{[]string{"help", "train", "bogus"}, 2, `^glia: got argument "bogus", want none behind train\nsee glia help --help\n$`},
		{[]string{"help", "completion", "bogus"}, 2, `^glia: got command "bogus", want bash, fish, powershell or zsh\n`},
		{[]string{"help", "bogus"}, 2, `^glia: got command "bogus", want bench, compare, .* or version\n`},
	} {
		status, _, errs := exec(t.Context(), c.args...)
		if status != c.status || !regexp.MustCompile(c.want).MatchString(errs) {
			t.Errorf("glia %s: status %d, stderr %s, want %d, %s", strings.Join(c.args, " "), status, errs, c.status, c.want)
		}
	}
}
