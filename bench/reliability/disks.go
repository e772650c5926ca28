package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/callback"
)

// diskTask is the environment variable by which the program runs itself within a
// namespace of its own, where a small disk is mounted.
const diskTask = "GLIA_RELIABILITY_DISK"

// A disk is what the inner process is told.
type disk struct {
	Dir     string
	Seed    uint64
	Seconds float64
	Glia    string
}

// disks mounts a file system of 4 MB in memory, fills it to a random degree, and writes:
// either all is written, or an error is told and the old file is as it was. Nothing else
// is left behind.
func disks(r *report) error {
	if runtime.GOOS != "linux" {
		return skip("mounts a file system as Linux does")
	}
	if _, err := exec.LookPath("unshare"); err != nil {
		return skip("%v", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir := filepath.Join(r.work, "disk")
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	deadline, _ := r.ctx.Deadline()
	task, err := json.Marshal(disk{dir, r.seed, time.Until(deadline).Seconds(), r.glia})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(r.ctx), deadline.Add(time.Minute))
	defer cancel()
	cmd := r.commandOf(ctx, "unshare", "-rm", "sh", "-c", `mount -t tmpfs -o size=4m tmpfs "$1" && exec "$2"`, "sh", dir, self)
	cmd.Env = append(os.Environ(), diskTask+"="+string(task))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var full, whole, fails int
	if n, _ := fmt.Sscanf(string(out), "full %d whole %d failed %d", &full, &whole, &fails); n != 3 {
		return skip("no small disk: %v %s", err, out)
	}
	r.fails += fails
	r.count("did not fit, the old file stayed", "files", full)
	r.count("did fit", "files", whole)
	return nil
}

// fillDisk is the inner process.
func fillDisk(task string) {
	var d disk
	must(json.Unmarshal([]byte(task), &d))
	rnd := rand.New(rand.NewPCG(d.Seed, 4))
	r := &report{}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(d.Seconds*float64(time.Second)))
	defer cancel()
	old, err := small(1)
	must(err)
	m, err := small(2)
	must(err)
	ds, err := samples(16, 1)
	must(err)
	writers := map[string]func(path string) error{}
	for _, ending := range []string{".keras", ".h5"} {
		writers["m"+ending] = func(path string) error { return m.Save(path) }
	}
	for _, ending := range []string{".weights.h5", ".safetensors", ".npz"} {
		writers["m"+ending] = func(path string) error { return m.SaveWeights(path) }
	}
	writers["converted.h5"] = func(path string) error {
		if d.Glia == "" {
			return m.Save(path)
		}
		from := filepath.Join(filepath.Dir(d.Dir), "from.keras")
		if err := m.Save(from); err != nil {
			return err
		}
		if out, err := exec.Command(d.Glia, "convert", from, path).CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %s", err, out)
		}
		return nil
	}
	writers["checkpoint.keras"] = func(path string) error {
		_, err := m.Fit(ds, glia.BatchSize(8), glia.Epochs(1), glia.Use(callback.ModelCheckpoint(path)))
		return err
	}
	full, fit := 0, 0
	for ctx.Err() == nil {
		for name, write := range writers {
			path, filler := filepath.Join(d.Dir, name), filepath.Join(d.Dir, "filler")
			whole := strings.HasSuffix(name, ".keras") || name == "m.h5" || name == "converted.h5"
			if whole {
				must(old.Save(path))
			} else {
				must(old.SaveWeights(path))
			}
			was, err := os.ReadFile(path)
			must(err)
			fill(filler, rnd)
			err = write(path)
			os.Remove(filler)
			now, readErr := os.ReadFile(path)
			switch {
			case readErr != nil:
				r.failf("%s: %v after %v", name, readErr, err)
			case err != nil && !bytes.Equal(was, now):
				r.failf("%s: the file has changed although %v", name, err)
			case err == nil && bytes.Equal(was, now):
				r.failf("%s: the file is the old one, and there is no error", name)
			case err != nil:
				full++
			default:
				fit++
			}
			if err == nil && whole {
				if _, err := glia.Load(path); err != nil {
					r.failf("%s: %v", name, err)
				}
			}
			must(os.Remove(path))
			if left, err := os.ReadDir(d.Dir); err != nil || len(left) > 0 {
				r.failf("%s: left behind: %v %v", name, left, err)
				for _, e := range left {
					os.RemoveAll(filepath.Join(d.Dir, e.Name()))
				}
			}
		}
	}
	fmt.Printf("full %d whole %d failed %d\n", full, fit, r.fails)
}

// fill writes a file until the disk is full, then cuts some bytes of it off.
func fill(path string, rnd *rand.Rand) {
	f, err := os.Create(path)
	must(err)
	defer f.Close()
	block := make([]byte, 4096)
	size := int64(0)
	for {
		n, err := f.Write(block)
		size += int64(n)
		if err != nil {
			break
		}
	}
	must(f.Truncate(max(0, size-4096*int64(rnd.IntN(24)))))
}
