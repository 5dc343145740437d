package client

import (
	"context"
	"sync"
)

// lane runs jobs one after the other, on a goroutine that is there only while there are
// jobs. Putting one there never waits.
type lane struct {
	c *Client

	mu      sync.Mutex
	jobs    []job
	head    int
	running bool
	pull    chan struct{} // if not nil jobs are not run, but taken by next; has an element when there may be some
}

// job is a message with its handler, or something else to call.
type job struct {
	m      *Message
	handle func(m *Message)
	f      func()
}

// push puts a job behind the others.
func (l *lane) push(j job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(j)
}

// pushBounded is push where at most so many may wait: in place of the first of them, or
// with newest in place of j. It returns the message that is dropped, or nil.
func (l *lane) pushBounded(j job, most int, newest bool) (dropped *Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.jobs)-l.head >= most {
		if newest {
			return j.m
		}
		dropped = l.shift().m
	}
	l.add(j)
	return dropped
}

// add is push under the lock.
func (l *lane) add(j job) {
	l.jobs = append(l.jobs, j)
	switch {
	case l.pull != nil:
		l.signal()
	case !l.running:
		l.running = true
		go l.run()
	}
}

// signal tells one who waits for next.
func (l *lane) signal() {
	select {
	case l.pull <- struct{}{}:
	default:
	}
}

// len returns how many jobs wait.
func (l *lane) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.jobs) - l.head
}

// next takes the first job; ok is false if there is none, and then the lane does not
// run.
func (l *lane) next() (j job, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.head == len(l.jobs) {
		l.running = false
		if l.jobs, l.head = l.jobs[:0], 0; cap(l.jobs) > keepJobs {
			l.jobs = nil
		}
		return j, false
	}
	j = l.shift()
	if l.pull != nil && l.head < len(l.jobs) {
		l.signal()
	}
	return j, true
}

// shift takes the first job, of which there is one.
func (l *lane) shift() job {
	j := l.jobs[l.head]
	l.jobs[l.head] = job{}
	if l.head++; l.head > keepJobs && l.head > len(l.jobs)/2 {
		n := copy(l.jobs, l.jobs[l.head:])
		clear(l.jobs[n:])
		l.jobs, l.head = l.jobs[:n], 0
	}
	return j
}

// leave says that one who has waited for pull takes nothing: the signal is for another.
func (l *lane) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.head < len(l.jobs) {
		l.signal()
	}
}

// keepJobs is how many places are kept for what comes next.
const keepJobs = 64

// take takes the jobs out for which f says so, in their order.
func (l *lane) take(f func(m *Message) bool) (taken []job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var left []job
	for _, j := range l.jobs[l.head:] {
		if j.m != nil && f(j.m) {
			taken = append(taken, j)
		} else {
			left = append(left, j)
		}
	}
	l.jobs, l.head = left, 0
	return taken
}

// run runs the jobs.
func (l *lane) run() {
	for {
		j, ok := l.next()
		switch {
		case !ok:
			return
		case j.f != nil:
			j.f()
		default:
			l.c.call(j.m, j.handle)
		}
	}
}

// call has a handler handle a message, unless the client has ended.
func (c *Client) call(m *Message, handle func(m *Message)) {
	select {
	case <-c.ended:
		return
	default:
	}
	if around := c.o.AroundHandler; around != nil {
		around(c.ctx, m, func(ctx context.Context) {
			m.ctx = ctx
			handle(m)
		})
	} else {
		handle(m)
	}
	c.handled(m)
}
