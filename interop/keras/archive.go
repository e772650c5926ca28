package keras

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/internal/zipfile"
)

// The members of a .keras file.
const (
	configFile   = "config.json"
	metadataFile = "metadata.json"
	weightsFile  = "model.weights.h5"
)

// openZip opens a .keras file, or a zip of NumPy arrays.
func openZip(r io.ReaderAt, size int64) (*File, error) {
	members, err := membersOf(r, size)
	if errors.Is(err, zip.ErrFormat) {
		return nil, fmt.Errorf("the archive has no directory at its end: it is cut off or damaged: %w", err)
	}
	if err != nil {
		return nil, err
	}
	if members[configFile] == nil {
		if err := foreignArchive(slices.Sorted(maps.Keys(members))); err != nil {
			return nil, err
		}
		return openNPZ(r, size)
	}
	f := &File{Format: Archive, size: size}
	if err := f.readConfig(members, size); err != nil {
		return nil, err
	}
	if err := f.readAssets(members, size); err != nil {
		return nil, err
	}
	m := members[weightsFile]
	if m == nil {
		return nil, fmt.Errorf("no %s in the archive", weightsFile)
	}
	weights, err := m.Content(LimitsOf(size).Inflated)
	if err != nil {
		return nil, err
	}
	if m.Method == zip.Store {
		f.verify = m.Verify
	}
	root, err := hdf5.Open(weights, weights.Size())
	if err == nil {
		err = f.readStore(root)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", weightsFile, err)
	}
	return f, nil
}

func (f *File) readConfig(members map[string]*zipfile.File, size int64) error {
	b, err := members[configFile].ReadAll(LimitsOf(size).Config)
	if err != nil {
		return err
	}
	var meta []byte
	if members[metadataFile] != nil {
		if meta, err = members[metadataFile].ReadAll(LimitsOf(0).Metadata); err != nil {
			return err
		}
	}
	return f.setConfig(b, meta)
}

// setConfig takes the config of a model and what is told of the file, nil for nothing.
func (f *File) setConfig(config, about []byte) (err error) {
	if f.Object, err = ParseObject(config); err != nil {
		return fmt.Errorf("%s: %w", configFile, err)
	}
	if about == nil {
		return nil
	}
	var meta metadata
	if err := json.Unmarshal(about, &meta); err != nil {
		return fmt.Errorf("%s: %w", metadataFile, err)
	}
	f.Version = meta.Version
	if f.ClassNames, err = classNamesOf(meta.ClassNames); err != nil {
		return fmt.Errorf("%s: %w", metadataFile, err)
	}
	return nil
}

type metadata struct {
	Version    string          `json:"keras_version"`
	Saved      string          `json:"date_saved"`
	ClassNames json.RawMessage `json:"class_names,omitempty"` // glia's own
}

// metadata returns the content of metadata.json.
func (s *State) metadata() ([]byte, error) {
	m := metadata{Version: Version, Saved: s.Date.Format("2006-01-02@15:04:05")}
	if len(s.ClassNames) > 0 {
		if err := checkClassNames(s.ClassNames); err != nil {
			return nil, err
		}
		list, err := json.Marshal(s.ClassNames)
		if err != nil {
			return nil, err
		}
		m.ClassNames = list
	}
	return json.Marshal(m)
}

// membersOf lists the files of an archive.
func membersOf(r io.ReaderAt, size int64) (map[string]*zipfile.File, error) {
	files, err := zipfile.Open(r, size)
	if err != nil {
		return nil, err
	}
	all := make(map[string]*zipfile.File, len(files))
	for _, f := range files {
		all[f.Name] = f
	}
	return all, nil
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
	meta, err := s.metadata()
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
