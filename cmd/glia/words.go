package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/glia-ml/glia"
)

// flagWords has the command line's words for what the library advises a program: options of
// calls are flags here, or nothing.
var flagWords = strings.NewReplacer(
	": glia: ", ": ",
	"Fit: BackupAndRestore: ", "--checkpoint: ",
	"LimitMemory allows more", "--memory allows more",
	"image: OpenFolder: ", "",
	"image: Folder.Split: ", "--validation-split: ",
	"image.SkipUnreadable leaves such out", "--skip-unreadable leaves such out",
	", or NoLabels", "",
	", or Classes without them", "",
	"want option ByOrder (glia convert --by-order)", "want --by-order",
	": glia.StopOnNaN stops a training there and tells the operation that made the first such number", "",
)

// message returns the text of an error for the command line, without the command's name.
func message(err error) string {
	return flagWords.Replace(strings.TrimPrefix(err.Error(), "glia: "))
}

// warnTo has warnings written to w.
func warnTo(w io.Writer) glia.Option {
	return glia.Warn(func(warning string) { fmt.Fprintf(w, "glia: warning: %s\n", flagWords.Replace(warning)) })
}
