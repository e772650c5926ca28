// Package safetensors reads and writes safetensors, the format in which weights
// of neural networks are commonly shared: named tensors and nothing that could be
// executed.
//
//	n            uint64, little-endian
//	header       n bytes of JSON, padded with spaces: dtype, shape and place of each tensor
//	tensors      row-major, little-endian, without gaps
//
// A file is checked as the format's own library checks it before the first tensor
// is read: every byte belongs to exactly one tensor.
//
// Source: https://github.com/huggingface/safetensors, README.md, section Format,
// and safetensors/src/tensor.rs.
package safetensors

import "github.com/glia-ml/glia/tensor"

// maxHeader is the longest header that the format's library reads or writes.
const maxHeader = 100_000_000

// metadataKey is the key of the header that holds no tensor but text.
const metadataKey = "__metadata__"

// mostTexts bounds the texts there: each takes a hundred bytes of memory, however short.
const mostTexts = 1 << 16

// Entry is a tensor to write and the name it gets. The tensor may lie in another
// file, as that of [File.Source] does.
type Entry struct {
	Name   string
	Tensor tensor.Source
}

// Info describes a tensor as the header does.
type Info struct {
	Name  string
	DType string // as the format names it, "BF16" for instance
	Shape []int
	Bytes int64 // in the file
}
