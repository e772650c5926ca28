package keras

import (
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/glia-ml/glia/internal/atomicfile"
	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/tensor"
)

// Group holds the variables of one part of a model, as a .weights.h5 file has them.
type Group struct {
	// Path is where they stand: "layers/dense/vars".
	Path string
	// Layer is the name of the layer, "" for none.
	Layer string
	// Names are those of the variables in the group, by Keras their numbers, and Values
	// their values.
	Names  []string
	Values []tensor.Source
}

// WriteStore writes groups to a .weights.h5 file.
func WriteStore(w io.Writer, groups []Group) error {
	h := hdf5.NewWriter()
	for _, g := range groups {
		to := h.Root().Group(g.Path)
		if g.Layer != "" {
			to.SetAttr("name", g.Layer)
		}
		for i, name := range g.Names {
			to.Dataset(name, g.Values[i])
		}
	}
	_, err := h.WriteTo(w)
	return err
}

// DefaultShardSize is the number of bytes of values in a shard unless another is asked for,
// as Keras's 5 GB.
const DefaultShardSize = 5 << 30

// WriteOptions holds the settings of [State.WriteFile].
type WriteOptions struct {
	// MaxShardSize is how many bytes of values a shard of a .weights.json holds at most;
	// 0 for DefaultShardSize.
	MaxShardSize int64
}

// WriteFile writes the state to a file of the format that the path's ending names. It is
// written beside the former one and renamed, which an error leaves as it was. The shards of a
// .weights.json are all written before the first is renamed, the index last; a kill among the
// renames leaves files of two saves, which the checksums in the index tell from each other.
// Shards of a larger save before are removed then.
func (s *State) WriteFile(path string, o WriteOptions) error {
	f, err := FormatOf(path)
	if err != nil {
		return err
	}
	if f == Sharded {
		return WriteShards(path, s.store(), o.MaxShardSize)
	}
	return atomicfile.Write(path, func(w io.Writer) error { return s.Write(w, f) })
}

// WriteShards writes groups to a .weights.json file and its shards, as [State.WriteFile] does,
// with most bytes of values in each, 0 for DefaultShardSize. As with Keras, a single variable
// of more bytes is an error.
func WriteShards(index string, groups []Group, most int64) error {
	if most == 0 {
		most = DefaultShardSize
	}
	shards, total, err := split(groups, most)
	if err != nil {
		return err
	}
	x := &shardIndex{known: map[string]bool{}, groups: map[string]map[string]bool{}, sums: map[string]shardSum{}}
	var order []string
	var set atomicfile.Set
	defer set.Abort()
	for i, shard := range shards {
		name := shardName(index, i)
		sum := summed{sum: crc32.NewIEEE()}
		err := set.Write(filepath.Join(filepath.Dir(index), name), func(w io.Writer) error {
			sum.w = w
			return WriteStore(&sum, shard)
		})
		if err != nil {
			return err
		}
		x.sums[name] = shardSum{sum.n, sum.sum.Sum32()}
		for _, g := range shard {
			if len(g.Names) == 0 {
				continue
			}
			if x.groups[g.Path] == nil {
				order = append(order, g.Path)
			}
			x.add(g.Path, name)
		}
	}
	b, err := x.marshal(order, total)
	if err == nil {
		err = set.Write(index, bytesTo(b))
	}
	if err != nil {
		return err
	}
	left := leftShards(index, x)
	if err := set.Commit(); err != nil {
		return err
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("a shard of the save before, which no index names any longer: %w", err)
		}
	}
	return nil
}

// leftShards returns the paths of the shards that the former index at a path names, and that
// a new one does not: those of a larger save. Only names that a save to this path gives are
// among them.
func leftShards(index string, now *shardIndex) []string {
	info, err := os.Stat(index)
	if err != nil || !info.Mode().IsRegular() || info.Size() > mostIndex {
		return nil
	}
	b, err := os.ReadFile(index)
	if err != nil {
		return nil
	}
	former, err := parseShardIndex(b)
	if err != nil {
		return nil
	}
	var left []string
	for i := len(now.sums); former.known[shardName(index, i)]; i++ {
		left = append(left, filepath.Join(filepath.Dir(index), shardName(index, i)))
	}
	return left
}

// split deals groups out to shards, in their order, and returns the bytes of all values. A
// group that does not fit goes on in the next shard.
func split(groups []Group, most int64) (shards [][]Group, total int64, err error) {
	if most < 0 {
		return nil, 0, fmt.Errorf("keras: shards of %d bytes: want 1 or more", most)
	}
	shards = [][]Group{nil}
	var size int64
	for _, g := range groups {
		part := Group{Path: g.Path, Layer: g.Layer}
		for i, v := range g.Values {
			n := int64(v.Spec().Bytes())
			if n > most {
				return nil, 0, fmt.Errorf("keras: %s/%s of layer %q takes %d bytes: want shards of so many, got %d", g.Path, g.Names[i], g.Layer, n, most)
			}
			if size+n > most {
				shards[len(shards)-1] = append(shards[len(shards)-1], part)
				shards, part, size = append(shards, nil), Group{Path: g.Path, Layer: g.Layer}, 0
			}
			part.Names, part.Values = append(part.Names, g.Names[i]), append(part.Values, v)
			size, total = size+n, total+n
		}
		shards[len(shards)-1] = append(shards[len(shards)-1], part)
	}
	return shards, total, nil
}

// shardName returns the name of a shard, as Keras makes it of that of the index.
func shardName(index string, i int) string {
	base := filepath.Base(index)
	base = strings.ReplaceAll(strings.TrimSuffix(base, filepath.Ext(base)), ".weights", "")
	return fmt.Sprintf("%s_%05d.weights.h5", base, i)
}

// shardNumber matches the end of a shard's name.
var shardNumber = regexp.MustCompile(`_\d{5,}\.weights\.h5$`)

// RemoveFile removes a model or weights file, and with a .weights.json those of its shards
// that have the names that [State.WriteFile] and Keras give them. A missing file is no error.
func RemoveFile(path string) error {
	names := []string{path}
	if f, err := FormatOf(path); err == nil && f == Sharded {
		if b, err := smallFile(os.DirFS(filepath.Dir(path)), filepath.Base(path), mostIndex); err == nil {
			if x, err := parseShardIndex(b); err == nil {
				first := shardNumber.ReplaceAllString(shardName(path, 0), "")
				for _, name := range x.shards {
					if shardNumber.ReplaceAllString(name, "") == first {
						names = append(names, filepath.Join(filepath.Dir(path), name))
					}
				}
			}
		}
	}
	for _, name := range names {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// summed is a writer that counts and sums what passes.
type summed struct {
	w   io.Writer
	sum hash.Hash32
	n   int64
}

// Write implements io.Writer.
func (s *summed) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.sum.Write(p[:n])
	s.n += int64(n)
	return n, err
}
