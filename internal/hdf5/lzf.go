package hdf5

import "errors"

var errLZF = errors.New("got a damaged stream")

// lzf decompresses p and appends the result, at most limit bytes, to dst. p is a sequence
// of
//
//	000nnnnn              n+1 bytes follow as they are
//	nnnooooo oooooooo     n+2 bytes from o+1 bytes before
//	111ooooo n oooooooo   n+9 bytes likewise
//
// Source: the format of Marc Lehmann's LibLZF 3.6.
func lzf(dst, p []byte, limit int) ([]byte, error) {
	for len(p) > 0 {
		ctrl := int(p[0])
		p = p[1:]
		if ctrl < 32 {
			n := ctrl + 1
			if n > len(p) || n > limit-len(dst) {
				return dst, errLZF
			}
			dst, p = append(dst, p[:n]...), p[n:]
			continue
		}
		n := ctrl >> 5
		if n == 7 {
			if len(p) == 0 {
				return dst, errLZF
			}
			n += int(p[0])
			p = p[1:]
		}
		if n += 2; len(p) == 0 {
			return dst, errLZF
		}
		from := len(dst) - (ctrl&31<<8 | int(p[0])) - 1
		p = p[1:]
		if from < 0 || n > limit-len(dst) {
			return dst, errLZF
		}
		for i := range n { // byte by byte: the source may overlap the end
			dst = append(dst, dst[from+i])
		}
	}
	return dst, nil
}
