package safetensors

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/glia-ml/glia/tensor"
)

// Write writes tensors and text as the format's library does: ordered by type,
// wide elements first, then by name, whatever the order of entries. Text is
// ordered by key; nil leaves it out. Tensors are not copied, and other sources are
// read one after the other.
//
// It returns an error before the first byte for names that are given twice, are not
// UTF-8 or are the reserved __metadata__, and for tensors that are not contiguous. A
// source that gives other bytes than it promises is an error, too.
func Write(w io.Writer, entries []Entry, metadata map[string]string) error {
	sorted := slices.Clone(entries)
	if err := checkEntries(sorted); err != nil {
		return fmt.Errorf("safetensors: Write: %w", err)
	}
	slices.SortFunc(sorted, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(rankOf(b.Tensor.Spec().DType), rankOf(a.Tensor.Spec().DType)), cmp.Compare(a.Name, b.Name))
	})
	head, err := appendHeader(nil, sorted, metadata)
	if err != nil {
		return fmt.Errorf("safetensors: Write: %w", err)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	out.Write(head) // an error stays until Flush
	for _, e := range sorted {
		if err := tensor.WriteLittleEndian(out, e.Tensor); err != nil {
			return fmt.Errorf("safetensors: Write: tensor %.200q: %w", e.Name, err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("safetensors: Write: %w", err)
	}
	return nil
}

func checkEntries(entries []Entry) error {
	seen := make(map[string]bool, len(entries))
	for i, e := range entries {
		t, inMemory := e.Tensor.(*tensor.Tensor)
		_, err := tensor.CheckSource(e.Tensor)
		switch {
		case e.Tensor == nil, inMemory && t == nil:
			return fmt.Errorf("tensor %.200q: entry %d has no tensor", e.Name, i)
		case err != nil:
			return fmt.Errorf("tensor %.200q: entry %d: %w", e.Name, i, err)
		case seen[e.Name]:
			return fmt.Errorf("tensor %.200q: entry %d has the name of another", e.Name, i)
		case e.Name == metadataKey:
			return fmt.Errorf("tensor %.200q: entry %d: want another name, this one is reserved", e.Name, i)
		case !utf8.ValidString(e.Name):
			return fmt.Errorf("tensor %.200q: entry %d: want a name of UTF-8", e.Name, i)
		case inMemory && !t.Contiguous():
			return fmt.Errorf("tensor %.200q: entry %d is a view with gaps: want a contiguous tensor, Clone gives one", e.Name, i)
		}
		seen[e.Name] = true
	}
	return nil
}

// appendHeader appends the length, the JSON and its padding.
func appendHeader(b []byte, entries []Entry, metadata map[string]string) ([]byte, error) {
	b = append(b, "\x00\x00\x00\x00\x00\x00\x00\x00{"...)
	if metadata != nil {
		var err error
		if b, err = appendMetadata(b, metadata); err != nil {
			return nil, err
		}
	}
	offset := 0 // fits: a header has room for a few million tensors, of 1 TB at most
	for _, e := range entries {
		spec := e.Tensor.Spec()
		b = appendText(b, e.Name)
		b = append(b, `:{"dtype":"`...)
		b = append(b, dtypes[rankOf(spec.DType)].name...)
		b = append(b, `","shape":[`...)
		for i, d := range spec.Shape.Slice() {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(d), 10)
		}
		b = fmt.Appendf(b, `],"data_offsets":[%d,%d]},`, offset, offset+spec.Bytes())
		offset += spec.Bytes()
	}
	b = append(bytes.TrimSuffix(b, []byte(",")), '}')
	for len(b)%8 != 0 {
		b = append(b, ' ')
	}
	if n := len(b) - 8; n > maxHeader {
		return nil, fmt.Errorf("%d tensors and %d texts need a header of %d bytes: want at most %d", len(entries), len(metadata), n, maxHeader)
	}
	binary.LittleEndian.PutUint64(b, uint64(len(b)-8))
	return b, nil
}

func appendMetadata(b []byte, metadata map[string]string) ([]byte, error) {
	b = append(b, `"`+metadataKey+`":{`...)
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if !utf8.ValidString(key) || !utf8.ValidString(metadata[key]) {
			return nil, fmt.Errorf("metadata %.200q: want UTF-8", key)
		}
		b = append(appendText(b, key), ':')
		b = append(appendText(b, metadata[key]), ',')
	}
	return append(bytes.TrimSuffix(b, []byte(",")), "},"...), nil
}

// appendText appends a JSON string with no more escapes than it needs, as the
// format's library writes it. encoding/json escapes more.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		c := s[i]
		switch short := shortEscape(c); {
		case short != 0:
			b = append(b, '\\', short)
		case c < ' ':
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// shortEscape returns the letter behind the backslash for characters that need
// one and have one, or 0.
func shortEscape(c byte) byte {
	switch c {
	case '"', '\\':
		return c
	case '\b':
		return 'b'
	case '\f':
		return 'f'
	case '\n':
		return 'n'
	case '\r':
		return 'r'
	case '\t':
		return 't'
	}
	return 0
}
