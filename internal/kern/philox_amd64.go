//go:build !purego

package kern

import "unsafe"

func philoxWords(dst []uint32, key, stream, block uint64) {
	switch {
	case useAVX512:
		philoxWordsAVX512(unsafe.SliceData(dst), len(dst)/groupWords, key, stream, block)
	case useAVX2:
		philoxWordsAVX2(unsafe.SliceData(dst), len(dst)/groupWords, key, stream, block)
	default:
		philoxWordsGo(dst, key, stream, block)
	}
}

func philoxUniform(dst []float32, key, stream, block uint64) {
	switch {
	case useAVX512:
		philoxUniformAVX512(unsafe.SliceData(dst), len(dst)/groupWords, key, stream, block)
	case useAVX2:
		philoxUniformAVX2(unsafe.SliceData(dst), len(dst)/groupWords, key, stream, block)
	default:
		philoxUniformGo(dst, key, stream, block)
	}
}

func philoxMask(dst []float32, key, stream, block uint64, rate, scale float32) {
	switch {
	case useAVX512:
		philoxMaskAVX512(unsafe.SliceData(dst), len(dst)/groupWords, key, stream, block, rate, scale)
	case useAVX2:
		philoxMaskAVX2(unsafe.SliceData(dst), len(dst)/groupWords, key, stream, block, rate, scale)
	default:
		philoxMaskGo(dst, key, stream, block, rate, scale)
	}
}

func philoxDropout(dst, x []float32, key, stream, block uint64, rate, scale float32) {
	switch {
	case useAVX512:
		philoxDropoutAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), len(dst)/groupWords, key, stream, block, rate, scale)
	case useAVX2:
		philoxDropoutAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), len(dst)/groupWords, key, stream, block, rate, scale)
	default:
		philoxDropoutGo(dst, x, key, stream, block, rate, scale)
	}
}
