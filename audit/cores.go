package audit

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// AtATime calls for each number below n, as many at a time as there are cores,
// but no more than most, for each takes memory. All are called, whatever fails.
func AtATime(n, most int, call func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	free := make(chan struct{}, max(1, min(runtime.NumCPU(), most)))
	for i := range n {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			errs[i] = call(i)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

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
