// Package tensorboard writes files of events that TensorBoard shows: scalars,
// histograms, images, texts and graphs. [Callback] writes those of a training, as
// Keras's callback of that name does.
//
//	m.Fit(train, glia.Epochs(10), glia.Validate(test), glia.Use(tensorboard.Callback("logs")))
//
// and then, in a shell, tensorboard --logdir logs.
package tensorboard

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Writer writes events to a file. Its methods may be called from several
// goroutines at once. What they are given is in the file when they return.
type Writer struct {
	mu   sync.Mutex
	file *os.File
	err  error // of a write that left a part of a record
}

// Open makes a file of events in a directory, which is made if needed and may hold
// others: TensorBoard shows the files of one directory as one run, and a directory of
// directories as several runs.
func Open(dir string) (*Writer, error) {
	if dir == "" {
		return nil, errors.New("tensorboard: Open: no directory: want the name of one")
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("tensorboard: Open: %w", err)
	}
	f, err := create(dir)
	if err != nil {
		return nil, fmt.Errorf("tensorboard: Open: %w", err)
	}
	w := &Writer{file: f}
	var version message
	version.string(eventVersion, "brain.Event:2")
	if err := w.write(0, version); err != nil {
		f.Close()
		return nil, err
	}
	return w, nil
}

// create makes a file with a new name of the form that TensorBoard looks for.
func create(dir string) (*os.File, error) {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	for i := 0; ; i++ {
		name := fmt.Sprintf("events.out.tfevents.%d.%s.%d.%d.v2", time.Now().Unix(), host, os.Getpid(), i)
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil || !errors.Is(err, os.ErrExist) || i == 1000 {
			return f, err
		}
	}
}

// Close closes the file. A second Close does nothing.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return nil
	}
	err := w.file.Close()
	w.file = nil
	return err
}

// Name returns the name of the file.
func (w *Writer) Name() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return ""
	}
	return w.file.Name()
}

// Fields of the message Event.
const (
	eventTime    = 1
	eventStep    = 2
	eventVersion = 3
	eventGraph   = 4
	eventSummary = 5
)

// write writes an event that holds a message.
func (w *Writer) write(step int64, what message) error {
	var e message
	e.double(eventTime, float64(time.Now().UnixNano())/1e9)
	e.int(eventStep, step)
	e = append(e, what...)
	r := record(e)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.err != nil:
		return w.err
	case w.file == nil:
		return errors.New("tensorboard: the writer is closed")
	}
	if n, err := w.file.Write(r); err != nil {
		err = fmt.Errorf("tensorboard: %w", err)
		if n > 0 { // nothing after it could be read
			w.err = err
		}
		return err
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record frames data as TFRecord files do: the length, its checksum, the data, its
// checksum, all little-endian.
func record(data []byte) []byte {
	r := make([]byte, 0, len(data)+16)
	r = binary.LittleEndian.AppendUint64(r, uint64(len(data)))
	r = binary.LittleEndian.AppendUint32(r, masked(r))
	r = append(r, data...)
	return binary.LittleEndian.AppendUint32(r, masked(data))
}

// masked returns the CRC-32C of data, rotated and offset as TFRecord does, so that it
// differs from that of data that holds checksums.
func masked(data []byte) uint32 {
	c := crc32.Checksum(data, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}
