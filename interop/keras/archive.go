package keras

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"path"
	"strings"

	"github.com/glia-ml/glia/internal/hdf5"
)

// The members of a .keras file.
const (
	configFile   = "config.json"
	metadataFile = "metadata.json"
	weightsFile  = "model.weights.h5"
)

// openZip opens a .keras file, or a zip of NumPy arrays.
func openZip(r io.ReaderAt, size int64) (*File, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, err
	}
	members, err := membersOf(z)
	if err != nil {
		return nil, err
	}
	if members[configFile] == nil {
		return openNPZ(r, size)
	}
	f := &File{Format: Archive}
	if err := f.readConfig(members); err != nil {
		return nil, err
	}
	m := members[weightsFile]
	if m == nil {
		return nil, fmt.Errorf("no %s in the archive", weightsFile)
	}
	weights, n, err := m.open(r)
	if err != nil {
		return nil, err
	}
	if m.Method == zip.Store {
		f.verify = func() error { return m.verify(weights, n) }
	}
	root, err := hdf5.Open(weights, n)
	if err == nil {
		err = f.readStore(root)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", weightsFile, err)
	}
	return f, nil
}

func (f *File) readConfig(members map[string]*member) error {
	b, err := members[configFile].readAll()
	if err != nil {
		return err
	}
	if f.Object, err = ParseObject(b); err != nil {
		return fmt.Errorf("%s: %w", configFile, err)
	}
	if members[metadataFile] == nil {
		return nil
	}
	if b, err = members[metadataFile].readAll(); err != nil {
		return err
	}
	var meta metadata
	if err := json.Unmarshal(b, &meta); err != nil {
		return fmt.Errorf("%s: %w", metadataFile, err)
	}
	f.Version = meta.Version
	return nil
}

type metadata struct {
	Version string `json:"keras_version"`
	Saved   string `json:"date_saved"`
}

// member is a file in a zip archive.
type member struct{ *zip.File }

// membersOf lists the files of an archive. It refuses names that stand twice or
// lead out of a directory.
func membersOf(z *zip.Reader) (map[string]*member, error) {
	all := make(map[string]*member, len(z.File))
	for _, f := range z.File {
		switch name := strings.TrimSuffix(f.Name, "/"); {
		case all[f.Name] != nil:
			return nil, fmt.Errorf("archive member %q stands twice", f.Name)
		case name != path.Clean(name), path.IsAbs(name), strings.HasPrefix(name, ".."), strings.ContainsAny(name, "\\\x00"), strings.IndexByte(name, ':') == 1:
			return nil, fmt.Errorf("archive member %q: want a plain relative name", f.Name)
		}
		all[f.Name] = &member{f}
	}
	return all, nil
}

// A member that is compressed is held in memory. Unless it is small, it must not be
// mostly redundant: Keras compresses nothing, and weights hardly shrink.
const (
	airFloor = 1 << 20
	mostAir  = 100
)

// open returns the member's content and its length: from its place in the archive
// if it is stored plainly, as Keras does, otherwise from memory.
func (m *member) open(archive io.ReaderAt) (io.ReaderAt, int64, error) {
	if m.Method != zip.Store {
		b, err := m.readAll()
		return bytes.NewReader(b), int64(len(b)), err
	}
	if m.CompressedSize64 != m.UncompressedSize64 {
		return nil, 0, m.errorf("%d bytes stored as %d: want the same", m.UncompressedSize64, m.CompressedSize64)
	}
	at, err := m.DataOffset()
	if err != nil {
		return nil, 0, m.errorf("%w", err)
	}
	return io.NewSectionReader(archive, at, int64(m.UncompressedSize64)), int64(m.UncompressedSize64), nil
}

// verify compares the checksum of a member that is stored with the archive's.
func (m *member) verify(content io.ReaderAt, n int64) error {
	sum := crc32.NewIEEE()
	if _, err := io.CopyBuffer(sum, io.NewSectionReader(content, 0, n), make([]byte, 256<<10)); err != nil {
		return m.errorf("%w", err)
	}
	if sum.Sum32() != m.CRC32 {
		return m.errorf("checksum %08x: want %08x: the file is damaged", sum.Sum32(), m.CRC32)
	}
	return nil
}

// readAll returns the member's content, whose checksum it checks.
func (m *member) readAll() ([]byte, error) {
	if m.UncompressedSize64 > airFloor && m.UncompressedSize64/mostAir > m.CompressedSize64 {
		return nil, m.errorf("%d bytes come of %d: want no more than %d times as many", m.UncompressedSize64, m.CompressedSize64, mostAir)
	}
	r, err := m.Open()
	if err != nil {
		return nil, m.errorf("%w", err)
	}
	defer r.Close()
	var b bytes.Buffer // grows with the bytes read, whatever the header says
	if _, err := b.ReadFrom(r); err != nil {
		return nil, m.errorf("%w", err)
	}
	return b.Bytes(), nil
}

func (m *member) errorf(format string, args ...any) error {
	return fmt.Errorf("archive member %s: "+format, append([]any{m.Name}, args...)...)
}

// writeArchive writes a .keras file.
func (s *State) writeArchive(w io.Writer) error {
	config, err := writeModel(&s.Model)
	if err != nil {
		return err
	}
	b, err := json.Marshal(config)
	if err != nil {
		return err
	}
	meta, err := json.Marshal(metadata{Version, s.Date.Format("2006-01-02@15:04:05")})
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	for _, part := range []struct {
		name  string
		write func(w io.Writer) error
	}{
		{metadataFile, bytesTo(meta)},
		{configFile, bytesTo(b)},
		{weightsFile, s.writeStore},
	} {
		to, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Store})
		if err == nil {
			err = part.write(to)
		}
		if err != nil {
			return err
		}
	}
	return z.Close()
}

func bytesTo(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
}
