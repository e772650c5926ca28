package callback

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/internal/atomicfile"
)

// CSVLogger returns a callback that writes a line of numbers to a file after every
// epoch: the epoch, counted from 0, then loss and metrics, and those of the validation if the
// training has one, in the order of their names. A number that is not known is NA, one that
// is not a number nan. The first line has the names. A metric of several numbers is [1.5, 2]
// in one field. Keras's has columns of a validation without one, too, which hold NA.
//
// The file holds whole lines at any moment; it is written anew unless [AppendCSV] is
// given. One that cannot be written, or has other columns, is an error of Fit before
// training. A training that [glia.BackupAndRestore] resumes keeps the lines of the
// epochs in the backup and appends to them; if its columns are others, that is an error.
//
// Options: [Separator], [AppendCSV].
func CSVLogger(path string, opts ...CSVOption) glia.Callback {
	c := &csvLogger{path: path, separator: ','}
	for _, o := range opts {
		o.csv(c)
	}
	return glia.Callback{Name: fmt.Sprintf("CSVLogger(%q)", path), Join: c.join, OnEpochEnd: c.epochEnd, State: c.state, Restore: c.restore}
}

// CSVOption is an option of [CSVLogger].
type CSVOption interface{ csv(*csvLogger) }

// Separator is the character between two fields of [CSVLogger]'s file; a comma by
// default.
type Separator rune

// AppendCSV makes [CSVLogger] add lines to an existing file.
const AppendCSV appendCSV = true

type appendCSV bool

func (s Separator) csv(c *csvLogger) { c.separator = rune(s) }
func (a appendCSV) csv(c *csvLogger) { c.more = bool(a) }

type csvLogger struct {
	path      string
	separator rune
	more      bool
	names     []string
	text      []byte // the whole file
}

func (c *csvLogger) join(t *glia.Training) error {
	if err := c.open(t); err != nil {
		return fmt.Errorf("CSVLogger(%q): %w", c.path, err)
	}
	return nil
}

func (c *csvLogger) open(t *glia.Training) error {
	if c.path == "" {
		return errors.New("no file: want the name of one")
	}
	if r := c.separator; r == '"' || r == '\r' || r == '\n' || r == utf8.RuneError || !utf8.ValidRune(r) {
		return fmt.Errorf("Separator(%q): want a character that is no quote and ends no line", r)
	}
	c.names = known(t, false)
	slices.Sort(c.names)
	c.text = nil
	if c.more {
		text, err := os.ReadFile(c.path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := c.fits(text); err != nil {
			return err
		}
		c.text = text
	}
	return atomicfile.Check(c.path)
}

// fits returns an error unless lines may be added to a text.
func (c *csvLogger) fits(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	want := strings.TrimRight(string(c.line(append([]string{"epoch"}, c.names...))), "\r\n")
	got, _, _ := strings.Cut(string(text), "\n")
	if got = strings.TrimRight(got, "\r"); got != want {
		return fmt.Errorf("the file begins with %.200q: want the columns %q, or another file", got, want)
	}
	if text[len(text)-1] != '\n' {
		return errors.New("the file ends within a line: want whole lines")
	}
	return nil
}

// line returns fields as a line of the file.
func (c *csvLogger) line(fields []string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = c.separator, true
	_ = w.Write(fields) // a buffer takes all
	w.Flush()
	return b.Bytes()
}

func (c *csvLogger) epochEnd(_ *glia.Model, e glia.Epoch) error {
	if len(c.text) == 0 {
		c.text = c.line(append([]string{"epoch"}, c.names...))
	}
	fields := []string{strconv.Itoa(e.Epoch - 1)}
	for _, n := range c.names {
		fields = append(fields, field(e, n))
	}
	c.text = append(c.text, c.line(fields)...)
	err := atomicfile.Write(c.path, func(w io.Writer) error {
		_, err := w.Write(c.text)
		return err
	})
	if err != nil {
		return fmt.Errorf("glia: Fit: CSVLogger: epoch %d: %w", e.Epoch, err)
	}
	return nil
}

// field returns the number of that name as text, all digits, NA if it is not known.
func field(e glia.Epoch, name string) string {
	v, ok := e.Number(name)
	if !ok {
		return "NA"
	}
	r := e.Result
	if _, ok := (glia.Epoch{Result: r}).Number(name); !ok {
		r, name = *e.Validation, strings.TrimPrefix(name, "val_")
	}
	for _, m := range r.Metrics {
		if m.Name == name && m.Tensor != nil && m.Tensor.Shape().Rank() > 0 {
			var parts []string
			for _, x := range m.Tensor.Float64s() {
				parts = append(parts, digits(x))
			}
			return "[" + strings.Join(parts, ", ") + "]"
		}
	}
	return digits(v)
}

// csvState records the part of the file that belongs to a backup.
type csvState struct {
	Bytes    int    `json:"bytes"`
	Checksum uint32 `json:"checksum"` // CRC-32C
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (c *csvLogger) state() (json.RawMessage, error) {
	return json.Marshal(csvState{len(c.text), crc32.Checksum(c.text, castagnoli)})
}

func (c *csvLogger) restore(b json.RawMessage) error {
	var s csvState
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	text, err := os.ReadFile(c.path)
	if err != nil && (s.Bytes > 0 || !errors.Is(err, fs.ErrNotExist)) {
		return err
	}
	if s.Bytes < 0 || s.Bytes > len(text) || crc32.Checksum(text[:s.Bytes], castagnoli) != s.Checksum {
		return fmt.Errorf("%s is not the file that the backup knows: want its first %d bytes as they were", c.path, s.Bytes)
	}
	if err := c.fits(text[:s.Bytes]); err != nil {
		return fmt.Errorf("%s: %w", c.path, err)
	}
	c.text = text[:s.Bytes:s.Bytes]
	return nil
}
