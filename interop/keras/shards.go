package keras

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/glia-ml/glia/internal/vocab"
)

// Sharded weights are what Keras's save_weights writes with max_shard_size: a .weights.json
// file, the index, which says in which of the .weights.h5 files beside it the variables of
// each group are. The variables of a group may be spread over several.
//
//	{"metadata": {"total_size": 266844.0},
//	 "weight_map": {"/layers/dense/vars": ["m_00000.weights.h5", "m_00001.weights.h5"]}}
//
// glia adds the checksums of the shards to the metadata, under its name. They tell shards of
// one save from those of another.

// mostIndex bounds the bytes of an index.
const mostIndex = 16 << 20

// shardIndex is a parsed index.
type shardIndex struct {
	shards []string                   // in the order in which they are first named
	known  map[string]bool            // these
	groups map[string]map[string]bool // which shards a group is in
	sums   map[string]shardSum        // nil unless glia wrote the index
}

// shardSum is the length of a shard and its CRC-32, as a .keras file has it.
type shardSum struct {
	Bytes int64  `json:"bytes"`
	CRC32 uint32 `json:"crc32"`
}

// openShards opens an index and its shards, which are in the directory beside.
func openShards(r io.ReaderAt, size int64, beside fs.FS) (*File, error) {
	if size > mostIndex {
		return nil, fmt.Errorf("%d bytes of JSON: want %d or less", size, mostIndex)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, size), b); err != nil {
		return nil, err
	}
	index, err := parseShardIndex(b)
	if err != nil {
		return nil, err
	}
	if beside == nil {
		return nil, fmt.Errorf("got an index of %d shards, which are files beside it: want it opened by its path", len(index.shards))
	}
	f := &File{Format: Sharded}
	if err := f.readShards(index, beside); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// parseShardIndex reads an index.
func parseShardIndex(b []byte) (*shardIndex, error) {
	if err := check(b); err != nil {
		return nil, err
	}
	all, err := vocab.Members(b)
	if err != nil {
		return nil, err
	}
	if all["weight_map"] == nil {
		if all["class_name"] != nil {
			return nil, errors.New("got the config of a model, without weights: want its .keras file")
		}
		return nil, errors.New("got JSON without a weight_map: want the index of sharded weights, or a file of another format")
	}
	x := &shardIndex{known: map[string]bool{}, groups: map[string]map[string]bool{}}
	if err := vocab.EachMember(all["weight_map"], x.group); err != nil {
		return nil, fmt.Errorf("weight_map: %w", err)
	}
	var meta struct {
		Metadata struct {
			Glia map[string]shardSum `json:"glia"`
		} `json:"metadata"`
	}
	if json.Unmarshal(b, &meta) == nil { // Keras's is its own
		x.sums = meta.Metadata.Glia
	}
	return x, nil
}

// group takes an entry of the map: one shard, or a list of them.
func (x *shardIndex) group(key []byte, v json.RawMessage) error {
	var names []string
	if json.Unmarshal(v, &names) != nil {
		var name string
		if err := json.Unmarshal(v, &name); err != nil {
			return fmt.Errorf("%.200q is %s: want the name of a file, or a list of names", key, vocab.Short(v))
		}
		names = []string{name}
	}
	for _, name := range names {
		if err := plainName(name); err != nil {
			return fmt.Errorf("%.200q: %w", key, err)
		}
		x.add(groupOf(string(key)), name)
	}
	return nil
}

// add notes that a group is in a shard.
func (x *shardIndex) add(group, shard string) {
	if x.groups[group] == nil {
		x.groups[group] = map[string]bool{}
	}
	x.groups[group][shard] = true
	if !x.known[shard] {
		x.known[shard] = true
		x.shards = append(x.shards, shard)
	}
}

// groupOf returns the group that an entry of the map is about: "layers/dense/vars".
func groupOf(key string) string {
	key = strings.Trim(key, "/")
	if path.Base(key) != varsGroup && key != extraGroup {
		key = path.Join(key, varsGroup)
	}
	return key
}

// plainName returns an error unless name is that of a file in the same directory.
func plainName(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\\x00") || !fs.ValidPath(name) {
		return fmt.Errorf("shard %.200q: want the name of a file beside the index", name)
	}
	if strings.HasSuffix(strings.ToLower(name), ".safetensors") {
		return fmt.Errorf("shard %.200q: want .weights.h5 files, or all of it in one .safetensors file", name)
	}
	return nil
}

// readShards opens the shards and puts their weights together.
func (f *File) readShards(x *shardIndex, beside fs.FS) error {
	var checks []func() error
	found, layers := map[string]map[string]bool{}, map[string]string{}
	for _, name := range x.shards {
		part, err := openPart(beside, name)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("shard %.200q is missing beside the index: want all %d", name, len(x.shards))
		}
		if err != nil {
			return fmt.Errorf("shard %w", err)
		}
		if sum, ok := x.sums[name]; ok {
			r := part.content
			checks = append(checks, func() error { return checkShard(r, name, sum) })
		}
		part.keep(x, name, found)
		maps.Copy(layers, part.layers) // Keras has the name in the shard where a layer begins, without variables perhaps
		f.take(part)
		f.size += part.size
	}
	for _, group := range slices.Sorted(maps.Keys(x.groups)) {
		for _, name := range slices.Sorted(maps.Keys(x.groups[group])) {
			if !found[group][name] {
				return fmt.Errorf("shard %.200q has nothing of %.200q, which the index has there: want the shards of one save", name, "/"+group)
			}
		}
	}
	f.Weights, f.Optimizer = inGroups(f.Weights, layers), inGroups(f.Optimizer, layers)
	if err := f.once(); err != nil {
		return err
	}
	if len(checks) > 0 {
		f.verify = func() error {
			for _, check := range checks {
				if err := check(); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return nil
}

// keep drops the weights of a shard that the index does not have there, and notes the groups
// of the others.
func (f *File) keep(x *shardIndex, name string, found map[string]map[string]bool) {
	for _, list := range []*[]*Weight{&f.Weights, &f.Optimizer, &f.Extra} {
		*list = slices.DeleteFunc(*list, func(w *Weight) bool {
			group := path.Dir(w.Path)
			if !x.groups[group][name] {
				return true
			}
			if found[group] == nil {
				found[group] = map[string]bool{}
			}
			found[group][name], w.Shard = true, name
			return false
		})
	}
}

// inGroups puts the weights of each group together, by their numbers, under the names of their
// layers.
func inGroups(weights []*Weight, layers map[string]string) []*Weight {
	at := map[string]int{}
	for _, w := range weights {
		if _, ok := at[w.group]; !ok {
			at[w.group] = len(at)
		}
	}
	slices.SortStableFunc(weights, func(a, b *Weight) int {
		if c := at[a.group] - at[b.group]; c != 0 {
			return c
		}
		return byNumber(path.Base(a.Path), path.Base(b.Path))
	})
	for _, w := range weights {
		w.Layer = layers[w.group]
	}
	return weights
}

// once returns an error if two shards have one variable.
func (f *File) once() error {
	seen := map[string]bool{}
	for _, w := range slices.Concat(f.Weights, f.Optimizer, f.Extra) {
		if seen[w.Path] {
			return fmt.Errorf("two shards have %.200q: want each variable once", w.Path)
		}
		seen[w.Path] = true
	}
	return nil
}

// checkShard compares a shard with what the index says of it.
func checkShard(r sized, name string, want shardSum) error {
	sum := crc32.NewIEEE()
	if r.Size() == want.Bytes {
		if _, err := io.CopyBuffer(sum, io.NewSectionReader(r, 0, r.Size()), make([]byte, 256<<10)); err != nil {
			return fmt.Errorf("shard %.200q: %w", name, err)
		}
	}
	if r.Size() != want.Bytes || sum.Sum32() != want.CRC32 {
		return fmt.Errorf("shard %.200q has %d bytes and checksum %08x: want %d and %08x, as the index has them: it is damaged or of another save", name, r.Size(), sum.Sum32(), want.Bytes, want.CRC32)
	}
	return nil
}

// marshal writes the index as Keras does, with the groups in an order; total is the bytes of
// all values.
func (x *shardIndex) marshal(order []string, total int64) ([]byte, error) {
	var b bytes.Buffer
	sums, err := json.Marshal(x.sums)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&b, `{"metadata":{"total_size":%d,"glia":%s},"weight_map":{`, total, sums)
	for i, group := range order {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal("/" + group)
		if err != nil {
			return nil, err
		}
		list, err := json.Marshal(slices.Sorted(maps.Keys(x.groups[group])))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s:%s", key, list)
	}
	b.WriteString("}}")
	var out bytes.Buffer
	err = json.Indent(&out, b.Bytes(), "", "    ")
	return out.Bytes(), err
}
