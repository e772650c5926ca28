package glia

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/glia-ml/glia/internal/atomicfile"
	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/tensor"
)

// backupState holds the parts of a backup that are not tensors, as JSON in the file's
// metadata.
type backupState struct {
	Version   int                        `json:"version"`
	Position  position                   `json:"position"`
	Seed      uint64                     `json:"seed"`
	Callbacks map[string]json.RawMessage `json:"callbacks"`
	Facts     facts                      `json:"facts"`
}

const (
	backupVersion = 1
	stateKey      = "glia.backup"
	checksumKey   = "glia.checksum"
)

// tensorMap maps names to tensors.
type tensorMap map[string]*tensor.Tensor

// writeBackup writes state and tensors, in place of the former contents of the file.
func writeBackup(path string, s backupState, entries []safetensors.Entry) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	tensors := tensorMap{}
	for _, e := range entries {
		tensors[e.Name] = e.Tensor.(*tensor.Tensor) // tensors of a backup are in memory
	}
	metadata := map[string]string{stateKey: string(text), checksumKey: checksum(string(text), tensors)}
	return atomicfile.Write(path, func(w io.Writer) error { return safetensors.Write(w, entries, metadata) })
}

// readBackup reads a file of writeBackup.
func readBackup(path string) (s backupState, tensors tensorMap, err error) {
	if _, err := os.Stat(path); err != nil {
		return s, nil, err
	}
	f, err := safetensors.Open(path)
	if err != nil {
		return s, nil, damaged(err)
	}
	defer f.Close()
	text, ok := f.Metadata()[stateKey]
	if !ok {
		return s, nil, errors.New("got a file without " + stateKey + ": want one that BackupAndRestore wrote")
	}
	names := f.Names()
	if err := checkBackupSize(text, len(names)); err != nil {
		return s, nil, damaged(err)
	}
	tensors = tensorMap{}
	for _, name := range names {
		if tensors[name], err = f.Tensor(name); err != nil {
			return s, nil, damaged(err)
		}
	}
	if got, want := checksum(text, tensors), f.Metadata()[checksumKey]; got != want {
		return s, nil, damaged(fmt.Errorf("checksum %s: want %s", got, want))
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return s, nil, damaged(err)
	}
	if s.Version != backupVersion {
		return s, nil, fmt.Errorf("version %d of the format: want %d, which this glia writes", s.Version, backupVersion)
	}
	return s, tensors, nil
}

// What a backup may have beside the elements of its tensors: bytes of text, objects in it,
// and tensors. A training of a thousand layers has a twentieth of each.
const (
	mostBackupText    = 16 << 20
	mostBackupObjects = 1 << 17
	mostBackupTensors = 1 << 16
)

// checkBackupSize returns an error if a backup has more of these.
func checkBackupSize(text string, tensors int) error {
	switch n := strings.Count(text, "{"); {
	case len(text) > mostBackupText:
		return fmt.Errorf("%s of %d bytes: want at most %d", stateKey, len(text), mostBackupText)
	case n > mostBackupObjects:
		return fmt.Errorf("%s of %d objects: want at most %d", stateKey, n, mostBackupObjects)
	case tensors > mostBackupTensors:
		return fmt.Errorf("%d tensors: want at most %d", tensors, mostBackupTensors)
	}
	return nil
}

func damaged(err error) error {
	return fmt.Errorf("the backup is damaged: %w: want it whole, or remove it to begin again", err)
}

// checksum is the CRC-32C of everything: text, and names, specs and elements of
// the tensors in the order of their names.
func checksum(text string, tensors tensorMap) string {
	h := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	fmt.Fprintf(h, "%q", text)
	names := make([]string, 0, len(tensors))
	for n := range tensors {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		fmt.Fprintf(h, "%q %v\n", n, tensors[n].Spec())
		h.Write(tensors[n].Bytes())
	}
	return fmt.Sprintf("%08x", h.Sum32())
}

// pastPrefix is how the names of tensors begin that hold the history.
const pastPrefix = "history/"

func isPast(name string) bool { return strings.HasPrefix(name, pastPrefix) }
