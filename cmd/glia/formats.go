package main

import ( // decoders that data/image finds, beside the standard library's
	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"
)
