package audit

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// OnCores calls for each number below n, in as many goroutines as there are
// cores, each of which takes some numbers together.
func OnCores(n, together int, call func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range max(1, min(runtime.NumCPU(), 8)) {
		wg.Go(func() {
			for {
				from := int(next.Add(int64(together))) - together
				for i := from; i < min(from+together, n); i++ {
					call(i)
				}
				if from >= n {
					return
				}
			}
		})
	}
	wg.Wait()
}
