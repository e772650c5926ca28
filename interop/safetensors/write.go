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
// ordered by key; nil leaves it out. Tensors are not copied.
//
// It returns an error before the first byte for names that are given twice, are no
// UTF-8 or are the reserved __metadata__, and for tensors that are not contiguous.
func Write(w io.Writer, entries []Entry, metadata map[string]string) error {
	sorted := slices.Clone(entries)
	if err := checkEntries(sorted); err != nil {
		return fmt.Errorf("safetensors: Write: %w", err)
	}
	slices.SortFunc(sorted, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(rankOf(b.Tensor.DType()), rankOf(a.Tensor.DType())), cmp.Compare(a.Name, b.Name))
	})
	head, err := appendHeader(nil, sorted, metadata)
	if err != nil {
		return fmt.Errorf("safetensors: Write: %w", err)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	out.Write(head) // an error stays until Flush
	for _, e := range sorted {
		if err := writeElements(out, e.Tensor); err != nil {
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
		switch {
		case e.Tensor == nil:
			return fmt.Errorf("tensor %.200q: entry %d has no tensor", e.Name, i)
		case seen[e.Name]:
			return fmt.Errorf("tensor %.200q: entry %d has the name of another", e.Name, i)
		case e.Name == metadataKey:
			return fmt.Errorf("tensor %.200q: entry %d: want another name, this one is reserved", e.Name, i)
		case !utf8.ValidString(e.Name):
			return fmt.Errorf("tensor %.200q: entry %d: want a name of UTF-8", e.Name, i)
		case !e.Tensor.Contiguous():
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
	offset := 0
	for _, e := range entries {
		b = appendText(b, e.Name)
		b = append(b, `:{"dtype":"`...)
		b = append(b, dtypes[rankOf(e.Tensor.DType())].name...)
		b = append(b, `","shape":[`...)
		for i, d := range e.Tensor.Shape().Slice() {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(d), 10)
		}
		b = fmt.Appendf(b, `],"data_offsets":[%d,%d]},`, offset, offset+e.Tensor.Spec().Bytes())
		offset += e.Tensor.Spec().Bytes()
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

// writeElements writes the elements of t in the format's byte order.
func writeElements(w io.Writer, t *tensor.Tensor) error {
	b := t.Bytes()
	if !bigEndian || t.DType().Size() == 1 {
		_, err := w.Write(b)
		return err
	}
	const piece = 1 << 16
	for buf := []byte(nil); len(b) > 0; b = b[len(buf):] {
		buf = append(buf[:0], b[:min(len(b), piece)]...)
		swap(buf, t.DType().Size())
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}
