//go:build !purego

package kern

func philoxWords(dst []uint32, key, stream, block uint64) { philoxWordsGo(dst, key, stream, block) }

func philoxUniform(dst []float32, key, stream, block uint64) {
	philoxUniformGo(dst, key, stream, block)
}

func philoxMask(dst []float32, key, stream, block uint64, rate, scale float32) {
	philoxMaskGo(dst, key, stream, block, rate, scale)
}

func philoxDropout(dst, x []float32, key, stream, block uint64, rate, scale float32) {
	philoxDropoutGo(dst, x, key, stream, block, rate, scale)
}
