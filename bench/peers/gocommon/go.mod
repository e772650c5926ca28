module github.com/glia-ml/glia/bench/peers/gocommon

go 1.26
