package data

import "math/bits"

// Permutation returns the numbers 0 to n-1 in an order that depends on seed and
// epoch alone, in into if that has room for them. The same arguments give the
// same order in every version of glia:
//
//	key    = mix(mix(seed) + epoch)
//	r(i)   = mix(key + (i+1)·0x9e3779b97f4a7c15), SplitMix64 from key
//	for i = n-1 down to 1: swap numbers i and j = floor(r(i)·(i+1) / 2^64)
//
// in arithmetic of 64 bits, where mix is the finalizer of SplitMix64.
//
// Source: Fisher, Yates 1938; Steele, Lea, Flood 2014, Fast splittable
// pseudorandom number generators; Lemire 2019, arXiv:1805.10941 (without the
// rejection, whose absence biases a number by less than n in 2^64).
func Permutation(n int, seed, epoch uint64, into []int) []int {
	if cap(into) < n {
		into = make([]int, n)
	}
	into = into[:n]
	for i := range into {
		into[i] = i
	}
	key := mix(mix(seed) + epoch)
	for i := n - 1; i > 0; i-- {
		r := mix(key + uint64(i+1)*0x9e3779b97f4a7c15)
		j, _ := bits.Mul64(r, uint64(i+1))
		into[i], into[j] = into[j], into[i]
	}
	return into
}

// mix is a bijection of 64 bits in which every input bit stirs every output bit.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
