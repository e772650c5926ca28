package glia_test

import (
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/glia-ml/glia"
)

// A training that is cut off in its third epoch, and a second process that goes on.
func ExampleBackupAndRestore() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	process := func(more ...glia.Callback) *glia.History {
		h, err := straight().Fit(line(), glia.Epochs(4), glia.BatchSize(8),
			glia.Use(glia.BackupAndRestore(dir)), glia.Use(more...))
		if err != nil {
			fmt.Println(err)
		}
		return h
	}
	process(glia.Callback{OnBatchEnd: func(_ *glia.Model, epoch, batch int, _ float64) error {
		if epoch == 2 && batch == 1 {
			return fmt.Errorf("power cut in epoch %d", epoch+1)
		}
		return nil
	}})
	for _, e := range process(glia.Callback{OnEpochBegin: func(_ *glia.Model, epoch int) error {
		fmt.Println("training epoch", epoch+1)
		return nil
	}}).Epochs {
		fmt.Println("history of epoch", e.Epoch)
	}
	// Output:
	// glia: Fit: epoch 3, batch 2: callback 1: power cut in epoch 3
	// training epoch 3
	// training epoch 4
	// history of epoch 1
	// history of epoch 2
	// history of epoch 3
	// history of epoch 4
}

// A callback that stops after 100 batches in all, also if the training was
// interrupted and resumed in between.
func ExampleCallback_state() {
	batches := 0
	limit := glia.Callback{
		Name: "limit",
		OnBatchEnd: func(*glia.Model, int, int, float64) error {
			if batches++; batches == 100 {
				return glia.ErrStop
			}
			return nil
		},
		State:   func() (json.RawMessage, error) { return json.Marshal(batches) },
		Restore: func(state json.RawMessage) error { return json.Unmarshal(state, &batches) },
	}
	h, err := straight().Fit(line(), glia.Epochs(1000), glia.BatchSize(8), glia.Use(limit))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(h.Epochs), "whole epochs")
	// Output: 24 whole epochs
}
