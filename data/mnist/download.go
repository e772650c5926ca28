package mnist

import (
	"context"
	"fmt"
	"io"

	"github.com/glia-ml/glia/data/idx"
	"github.com/glia-ml/glia/internal/fetch"
	"github.com/glia-ml/glia/tensor"
)

// downloader gets the files of a loader.
type downloader struct {
	*loader
	*fetch.Fetcher
}

func (l *loader) downloader() *downloader {
	f := fetch.New(l.ctx, "mnist", l.progress, l.mirrors...)
	f.Stall, f.Pause = l.stall, l.pause
	return &downloader{l, f}
}

// get downloads f, which is not in the cache, from the first mirror that has it.
func (d *downloader) get(f file, cache string) (t *tensor.Tensor, err error) {
	hint := fmt.Sprintf("%s: not in the cache (%s); it may also lie in $GLIA_DATA/mnist or a directory of your choice", f.name, cache)
	if d.offline {
		return nil, fmt.Errorf("%w: %s: offline", ErrUnavailable, hint)
	}
	err = d.Get(f.name, ".gz", func(r io.Reader) (err error) {
		if t, err = idx.Read(r, limit); err != nil {
			return err
		}
		return check(f, t)
	})
	switch {
	case err == nil:
		return t, nil
	case context.Cause(d.ctx) != nil:
		return nil, fmt.Errorf("mnist: %w", err)
	}
	return nil, fmt.Errorf("%w: %s:\n%w", ErrUnavailable, hint, err)
}
