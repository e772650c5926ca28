package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data/digits"
	"github.com/glia-ml/glia/data/idx"
	"github.com/glia-ml/glia/tensor"
)

// kills runs glia train, kills it (SIGKILL) at random times, resumes it until it ends, and
// compares what it saved with what a training without interruption saved: every bit.
func kills(r *report) error {
	if r.glia == "" {
		return skip("no command glia, see -glia")
	}
	data := filepath.Join(r.work, "mnist")
	if err := tinyMNIST(data); err != nil {
		return err
	}
	rnd := rand.New(rand.NewPCG(r.seed, 3))
	for !r.over() {
		seed := rnd.IntN(1 << 30)
		args := func(name string, more ...string) []string {
			return append([]string{"train", "mnist", "--data", data, "--epochs", "20", "--batch-size", "2", "--hidden", "16", "--dropout", "0.2",
				"--validation-split", "0.1", "--seed", fmt.Sprint(seed), "--save", filepath.Join(r.work, name)}, more...)
		}
		start := time.Now()
		if out, err := exec.CommandContext(r.ctx, r.glia, args("alone.keras")...).CombinedOutput(); err != nil {
			if r.over() {
				return nil
			}
			return fmt.Errorf("%v: %s", err, out)
		}
		whole := time.Since(start)
		backups := filepath.Join(r.work, "run")
		killed := 0
		for {
			cmd := exec.CommandContext(r.ctx, r.glia, args("killed.keras", "--checkpoint", backups, "--resume")...)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				return err
			}
			stop := func() bool { return false }
			if killed < 25 {
				stop = time.AfterFunc(time.Duration(rnd.Int64N(int64(whole))), func() { cmd.Process.Kill() }).Stop
			}
			err := cmd.Wait()
			if r.over() {
				return nil
			}
			if err == nil {
				stop()
				break
			}
			if stop() {
				r.failf("seed %d: after %d kills: %v\n%s", seed, killed, err, out.Bytes())
				break
			}
			killed++
		}
		r.count("survived", "kills", killed)
		r.count("ended in the bits of a training alone", "trainings", 1)
		if why := sameModels(filepath.Join(r.work, "alone.keras"), filepath.Join(r.work, "killed.keras")); why != nil {
			r.failf("seed %d: after %d kills: %v", seed, killed, why)
		}
		os.Remove(filepath.Join(r.work, "killed.keras"))
		os.RemoveAll(backups)
	}
	return nil
}

// sameModels returns an error if two files hold other weights or states of optimizers.
func sameModels(a, b string) error {
	var states [2]state
	for i, path := range []string{a, b} {
		m, err := glia.Load(path)
		if err != nil {
			return err
		}
		states[i] = stateOf(m)
	}
	if len(states[0].values) != len(states[1].values) {
		return fmt.Errorf("%d and %d variables", len(states[0].values), len(states[1].values))
	}
	for i, v := range states[0].values {
		if !bytes.Equal(v, states[1].values[i]) {
			return fmt.Errorf("%s differs", states[0].vars[i].Path)
		}
	}
	return nil
}

// tinyMNIST writes 300 drawn digits as the files of MNIST.
func tinyMNIST(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	train, test, err := digits.Load(300, 50, 1)
	if err != nil {
		return err
	}
	for name, x := range map[string]*tensor.Tensor{
		"train-images-idx3-ubyte": train.X(), "train-labels-idx1-ubyte": train.Y(),
		"t10k-images-idx3-ubyte": test.X(), "t10k-labels-idx1-ubyte": test.Y(),
	} {
		var b bytes.Buffer
		if err := idx.Write(&b, x); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o666); err != nil {
			return err
		}
	}
	return nil
}
