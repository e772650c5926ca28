package remote_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/remote"
	"github.com/glia-ml/glia/tensor"
)

func ExampleMonitor() {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.FormValue("data"))
	}))
	defer server.Close()
	m := glia.Sequential(nn.Input(1), nn.Dense(1, nn.KernelInitializer(nn.Zeros)))
	if err := m.Compile(optim.SGD(0.0), loss.MeanSquaredError()); err != nil {
		log.Fatal(err)
	}
	ds, err := data.New(tensor.New(tensor.Float32, 2, 1), tensor.Of[float32](1, 2))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := m.Fit(ds, glia.Epochs(2), glia.Use(remote.Monitor(server.URL))); err != nil {
		log.Fatal(err)
	}
	// Output:
	// {"epoch":0,"loss":2.5}
	// {"epoch":1,"loss":2.5}
}
