//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package atomicfile

import (
	"errors"
	"os"
	"time"
)

// stale is how old a temporary file is whose writer is taken for dead.
const stale = time.Hour

func lock(*os.File) (release func(), err error) { return nil, errors.ErrUnsupported }
