package data

import (
	"fmt"
	"math/bits"
)

// Permutation returns the numbers 0 to n-1 in an order that depends on seed and
// epoch alone, in into if that has room for them. The same arguments give the
// same order in every version of glia. [PermutationAt] holds none in memory:
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
	n = max(n, 0)
	if cap(into) < n {
		into = make([]int, n)
	}
	into = into[:n]
	for i := range into {
		into[i] = i
	}
	key := mix(mix(seed) + epoch)
	for i := n - 1; i > 0; i-- {
		r := mix(key + uint64(i+1)*golden)
		j, _ := bits.Mul64(r, uint64(i+1))
		into[i], into[j] = into[j], into[i]
	}
	return into
}

// PermutationAt returns number i, from 0, of an order of the numbers 0 to n-1 that depends
// on seed and epoch alone. It is computed number by number, in little time, so n may be any.
// It is another order than [Permutation]'s. The same arguments give the same number in every
// version of glia: i goes through eight rounds of a Feistel network on two halves of h bits,
// 4^h being the least such power that is n or more, and again while the result is n or more:
//
//	key_j     = mix(mix(mix(seed) + epoch) + (j+1)·0x9e3779b97f4a7c15), j = 0 to 7
//	(l, r)    = (r, l xor (mix(key_j + r) mod 2^h)), l being the high half
//
// It panics unless 0 <= i < n, as indexing does.
//
// Source: Luby, Rackoff 1988, How to construct pseudorandom permutations; Black, Rogaway
// 2002, Ciphers with arbitrary finite domains (cycle walking).
func PermutationAt(i, n int, seed, epoch uint64) int {
	if i < 0 || i >= n {
		panic(fmt.Sprintf("data: PermutationAt: number %d of %d: want 0 or more, and less than there are", i, n))
	}
	var keys [8]uint64
	key := mix(mix(seed) + epoch)
	for j := range keys {
		keys[j] = mix(key + uint64(j+1)*golden)
	}
	half := (bits.Len64(uint64(n-1)) + 1) / 2
	mask := uint64(1)<<half - 1
	at := uint64(i)
	for {
		l, r := at>>half, at&mask
		for _, k := range keys {
			l, r = r, l^mix(k+r)&mask
		}
		if at = l<<half | r; at < uint64(n) {
			return int(at)
		}
	}
}

// golden is 2^64 divided by the golden ratio, the step of SplitMix64.
const golden = 0x9e3779b97f4a7c15

// mix is a bijection of 64 bits in which every input bit stirs every output bit.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
