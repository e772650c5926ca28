package image

import (
	stdimage "image"
	"image/draw"
)

// drawn returns the part of a picture within bounds, its corner at 0, 0, as EXIF's
// orientation says that it is to be seen, by which the first row of pixels is at its top,
// right, bottom or left, and the first column likewise:
//
//	1 top left, 2 top right, 3 bottom right, 4 bottom left,
//	5 left top, 6 right top, 7 right bottom, 8 left bottom
//
// Other orientations are 1. Colors are times opacity.
func drawn(img stdimage.Image, bounds stdimage.Rectangle, orientation int) *stdimage.RGBA {
	w, h := bounds.Dx(), bounds.Dy()
	if orientation < 2 || orientation > 8 {
		to := stdimage.NewRGBA(stdimage.Rect(0, 0, w, h))
		draw.Draw(to, img.Bounds().Sub(bounds.Min), img, img.Bounds().Min, draw.Src)
		return to
	}
	across := orientation >= 5 // the first row is at a side
	to := stdimage.NewRGBA(stdimage.Rect(0, 0, w, h))
	if across {
		to.Rect.Max, to.Stride = stdimage.Pt(h, w), 4*h
	}
	right := orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7 // x goes down
	down := orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8  // y goes down
	const most = 64
	band := stdimage.NewRGBA(stdimage.Rect(0, 0, w, min(h, most))) // some rows, not yet turned
	for top := 0; top < h; top += most {
		clear(band.Pix)
		at := img.Bounds().Sub(bounds.Min).Sub(stdimage.Pt(0, top))
		draw.Draw(band, at, img, img.Bounds().Min, draw.Src)
		for row := top; row < min(top+most, h); row++ {
			from := band.Pix[(row-top)*band.Stride:]
			for column := range w {
				x, y := column, row
				if across {
					x, y = row, column
				}
				if right {
					x = to.Rect.Max.X - 1 - x
				}
				if down {
					y = to.Rect.Max.Y - 1 - y
				}
				copy(to.Pix[y*to.Stride+4*x:][:4], from[4*column:])
			}
		}
	}
	return to
}
