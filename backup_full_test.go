//go:build unix

package glia_test

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/internal/emulator"
)

// TestFullDisk lets no file grow any more once there is a backup. That holds for the whole
// process, and go test has the process of a test write a file of its own: it runs in another.
func TestFullDisk(t *testing.T) {
	const own = "GLIA_FULL_DISK"
	if os.Getenv(own) == "" {
		cmd := emulator.Command("-test.run=^TestFullDisk$")
		cmd.Env = append(os.Environ(), own+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	var former syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &former); err != nil {
		t.Skipf("no limit on the size of files: %v", err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	tr := trainings()[0]
	dir := t.TempDir()
	path := dir + "/backup.safetensors"
	var before []byte
	limit := former
	limit.Cur = 1000
	_, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)}, glia.Use(glia.Callback{
		OnEpochEnd: func(_ *glia.Model, e glia.Epoch) (err error) {
			if e.Epoch != 2 {
				return nil
			}
			if before, err = os.ReadFile(path); err != nil {
				return err
			}
			return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
		},
	}))
	if e := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &former); e != nil {
		t.Fatal(e)
	}
	wants(t, "no room", err, `^glia: Fit: BackupAndRestore: .*backup.safetensors: .*file too large`)
	if !errors.Is(err, syscall.EFBIG) {
		t.Errorf("error %v, want one that wraps that of the system", err)
	}
	if len(h.Epochs) != 2 {
		t.Errorf("%d epochs in the history, want 2", len(h.Epochs))
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the former backup is no longer what it was (%v)", err)
	}
	if left := files(t, dir); left != "backup.safetensors" {
		t.Errorf("left %s, want the backup alone", left)
	}
	m, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)})
	if err != nil {
		t.Fatal(err)
	}
	tr.endOf(t, m, h).same(t, "with room again", tr.whole(t))
}
