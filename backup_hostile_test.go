package glia_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// TestHostileBackup begins trainings in directories whose backups are whole by their
// checksums, and made to harm: an error comes in little memory, is short, moves no cursor,
// and leaves the model as it was.
func TestHostileBackup(t *testing.T) {
	backup := func(text, tensors string, data int) []byte {
		sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
		fmt.Fprintf(sum, "%q", text)
		meta, err := json.Marshal(map[string]string{"glia.backup": text, "glia.checksum": fmt.Sprintf("%08x", sum.Sum32())})
		if err != nil {
			t.Fatal(err)
		}
		header := fmt.Sprintf(`{"__metadata__":%s%s}`, meta, tensors)
		b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
		return append(append(b, header...), make([]byte, data)...)
	}
	facts := func(n int, f func(i int) string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = f(i)
		}
		return `{"version":1,"position":{},"facts":[` + strings.Join(all, ",") + `]}`
	}
	small := func(i int) string { return fmt.Sprintf(`{"what":"%d","value":""}`, i) }
	tensors := func() string {
		var b strings.Builder
		for i := range 70_000 {
			fmt.Fprintf(&b, `,"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, i)
		}
		return b.String()
	}
	for _, c := range []struct {
		name string
		b    func() []byte
		want string
	}{
		{"facts", func() []byte { return backup(facts(400_000, small), "", 0) }, "glia.backup of 400002 objects: want at most 131072"},
		{"facts that pass", func() []byte { return backup(facts(130_000, small), "", 0) }, "more differences"},
		{"text", func() []byte { return backup(strings.Repeat("x", 17<<20), "", 0) }, "glia.backup of 17825792 bytes: want at most 16777216"},
		{"tensors", func() []byte { return backup("{}", tensors(), 0) }, "70000 tensors: want at most 65536"},
		{"long", func() []byte {
			return backup(facts(3, func(i int) string { return fmt.Sprintf(`{"what":"%d","value":"%s"}`, i, strings.Repeat("x", 1<<20)) }), "", 0)
		}, "xxx..."},
		{"evil", func() []byte {
			return backup(facts(1, func(int) string { return `{"what":"\u001b[2J","value":"\u202e"}` }), "", 0)
		}, `\x1b[2J`},
	} {
		if testing.Short() && c.name != "facts that pass" && c.name != "evil" {
			continue // files of 4 to 17 MB
		}
		dir, b := t.TempDir(), c.b()
		if err := os.WriteFile(filepath.Join(dir, "backup.safetensors"), b, 0o666); err != nil {
			t.Fatal(err)
		}
		m := glia.Sequential(nn.Input(4), nn.Dense(2))
		if err := m.Compile(optim.Adam(0.1), loss.MeanSquaredError()); err != nil {
			t.Fatal(err)
		}
		ds, err := data.New(tensor.New(tensor.Float32, 8, 4), tensor.New(tensor.Float32, 8, 2))
		if err != nil {
			t.Fatal(err)
		}
		was := fmt.Sprint(m.Network().Vars()[0].Tensor())
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = m.Fit(ds, glia.Use(glia.BackupAndRestore(dir)))
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 5000 || strings.ContainsAny(err.Error(), "\x1b\u202e") {
			t.Errorf("%s: error %.400q, want %s", c.name, fmt.Sprint(err), c.want)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20+8*uint64(len(b)) { // in all, not at once
			t.Errorf("%s: %d bytes of memory for a file of %d", c.name, took, len(b))
		}
		if now := fmt.Sprint(m.Network().Vars()[0].Tensor()); now != was {
			t.Errorf("%s: the weights were changed", c.name)
		}
	}
}
