package main

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

func TestAStormFromOneAddressHoldsUpOthersForOneComparison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newComparisons(1)
		next, ended := make(chan struct{}), make(chan string, 100)
		compares := func(address string) {
			c.do(t.Context(), address, func() bool {
				<-next
				ended <- address
				return true
			})
		}
		for range 20 {
			go compares("192.0.2.1:1000")
		}
		synctest.Wait()
		go compares("192.0.2.2:1000")
		synctest.Wait()
		for range 3 {
			next <- struct{}{}
			synctest.Wait()
		}
		assert.Equal(t, "192.0.2.1:1000", <-ended)
		assert.ElementsMatch(t, []string{"192.0.2.1:1000", "192.0.2.2:1000"}, []string{<-ended, <-ended})
		for range 18 {
			next <- struct{}{}
		}
		synctest.Wait()
		assert.Empty(t, c.addresses)
	})
}

func TestWhoWaitsToBeComparedGoesWhenTheServerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newComparisons(1)
		ctx, end := context.WithCancel(t.Context())
		next := make(chan struct{})
		compare := func() bool { <-next; return true }
		go c.do(ctx, "a", compare)
		synctest.Wait()
		results := make(chan bool, 2)
		for _, address := range []string{"a", "b"} {
			go func() { results <- c.do(ctx, address, compare) }()
		}
		synctest.Wait()
		end()
		assert.False(t, <-results)
		assert.False(t, <-results)
		close(next)
	})
}
