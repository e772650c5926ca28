package image

import stdimage "image"

// turned returns a picture as EXIF's orientation says that it is to be seen, by which the
// first row of pixels is at its top, right, bottom or left, and the first column likewise:
//
//	1 top left, 2 top right, 3 bottom right, 4 bottom left,
//	5 left top, 6 right top, 7 right bottom, 8 left bottom
//
// Other orientations are 1. The picture's corner is at 0, 0.
func turned(img *stdimage.RGBA, orientation int) *stdimage.RGBA {
	if orientation < 2 || orientation > 8 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	across := orientation >= 5 // the first row is at a side
	to := stdimage.NewRGBA(stdimage.Rect(0, 0, w, h))
	if across {
		to = stdimage.NewRGBA(stdimage.Rect(0, 0, h, w))
	}
	right := orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8 // columns go backwards
	down := orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7  // rows go backwards
	for y := range to.Rect.Dy() {
		into := to.Pix[y*to.Stride:]
		for x := range to.Rect.Dx() {
			column, row := x, y
			if across {
				column, row = y, x
			}
			if right {
				column = w - 1 - column
			}
			if down {
				row = h - 1 - row
			}
			copy(into[4*x:4*x+4], img.Pix[row*img.Stride+4*column:])
		}
	}
	return to
}
