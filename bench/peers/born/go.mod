module github.com/glia-ml/glia/bench/peers/born

go 1.26.0

require (
	github.com/born-ml/born v0.9.24
	github.com/glia-ml/glia/bench/peers/gocommon v0.0.0
)

require golang.org/x/sys v0.47.0 // indirect

replace github.com/glia-ml/glia/bench/peers/gocommon => ../gocommon
