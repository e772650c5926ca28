package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/tensor"
)

// isFolder reports whether a data set is one, and returns an error unless it is one that there
// is.
func isFolder(c *cobra.Command, set string, known ...string) (bool, error) {
	for _, name := range known {
		if set == name {
			return false, nil
		}
	}
	if !isDirectory(set) {
		return false, misused(c, "got data set %q, want %s, or a folder that has one of pictures for each class", set, oneOf(known))
	}
	return true, nil
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// keptBytes is how much memory decoded pictures may take, so that they are decoded once.
const keptBytes = 1 << 30

// folderReading holds the flags of reading a folder of pictures.
type folderReading struct {
	skip   bool
	memory memory
}

// skipFlag adds --skip-unreadable.
func (r *folderReading) skipFlag(f *pflag.FlagSet) {
	f.BoolVar(&r.skip, "skip-unreadable", false, "leave out pictures of a folder that cannot be read, and list them")
}

// open opens a folder of pictures and tells of its files that are not among them.
func (r *folderReading) open(dir string, frame image.Frame, warn func(format string, args ...any), opts ...image.FolderOption) (*image.Folder, error) {
	opts = append(opts, image.KeepDecoded(keptBytes), image.WarnBy(func(text string) { warn("%s", text) }))
	if r.skip {
		opts = append(opts, image.SkipUnreadable)
	}
	if r.memory > 0 {
		opts = append(opts, image.DecodedBy(image.LimitMemory(int64(r.memory))))
	}
	f, err := image.OpenFolder(dir, frame, opts...)
	if errors.Is(err, image.ErrLimit) {
		err = fmt.Errorf("%w\n--memory allows more for a picture", err)
	}
	if err != nil {
		return nil, err
	}
	if files := f.Ignored(); len(files) > 0 {
		for i, name := range files {
			files[i] = printable(name)
		}
		warn("left out, as no pictures by their names, in %s: %s", printable(dir), shortList(files))
	}
	return f, nil
}

// warnLine returns a function that writes a warning as a line.
func warnLine(w io.Writer) func(format string, args ...any) {
	return func(format string, args ...any) {
		fmt.Fprintf(w, "glia: %s\n", flagWords.Replace(fmt.Sprintf(format, args...)))
	}
}

// scaled returns a folder with pixels times a factor.
func scaled(f *image.Folder, factor float64) (data.Dataset, error) {
	if factor == 1 {
		return f, nil
	}
	return data.Map(f, func(s *data.Sample) error {
		pix := tensor.Data[float32](s.X[0])
		for i, v := range pix {
			pix[i] = v * float32(factor)
		}
		return nil
	})
}
