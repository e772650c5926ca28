package atomicfile

import (
	"errors"
	"os"
	"time"
)

// stale is how old a temporary file is whose writer is taken for dead. Windows removes
// no file that is open, so this is only about the moment between the closing of a file
// and its renaming.
const stale = time.Minute

func lock(*os.File) (release func(), err error) { return nil, errors.ErrUnsupported }
