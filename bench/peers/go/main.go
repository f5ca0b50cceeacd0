// The peer workloads on Go: an actor is a goroutine that owns one channel,
// its mailbox (bounded). Definitions: ../../README.md
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const mailbox = 1024 // capacity of a mailbox where nothing else is said

func statusKB(key string) int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	for _, l := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(l, key) {
			v, _ := strconv.ParseInt(strings.Fields(l)[1], 10, 64)
			return v
		}
	}
	return -1
}

type result struct {
	n     int
	d     time.Duration
	extra string
}

func timed(n int, f func()) result {
	t := time.Now()
	f()
	return result{n, time.Since(t), ""}
}

func must(ok bool, what string) {
	if !ok {
		panic(what)
	}
}

// a. pingpong
type ppMsg struct{ from chan ppMsg }

func pingpong(n int) {
	pingBox, pongBox := make(chan ppMsg, mailbox), make(chan ppMsg, mailbox)
	done := make(chan struct{})
	go func() {
		for m := range pongBox {
			m.from <- ppMsg{pongBox}
		}
	}()
	go func() {
		for i := 0; i < n; i++ {
			pongBox <- ppMsg{pingBox}
			<-pingBox
		}
		close(pongBox)
		close(done)
	}()
	<-done
}

// b. ring
func ring(hops int) {
	const actors = 1000
	boxes := make([]chan int, actors)
	for i := range boxes {
		boxes[i] = make(chan int, mailbox)
	}
	done := make(chan struct{})
	for i := range boxes {
		go func(in, next chan int) {
			for k := range in {
				if k == 0 {
					close(done)
				} else {
					next <- k - 1
				}
			}
		}(boxes[i], boxes[(i+1)%actors])
	}
	boxes[0] <- hops - 1
	<-done
}

// c. counting
type countMsg struct {
	inc   int
	reply chan int
}

func counting(n int) {
	box := make(chan countMsg, mailbox)
	go func() {
		total := 0
		for m := range box {
			if m.reply != nil {
				m.reply <- total
			} else {
				total++
			}
		}
	}()
	out := make(chan int)
	go func() {
		for i := 0; i < n; i++ {
			box <- countMsg{inc: i}
		}
		reply := make(chan int, 1)
		box <- countMsg{reply: reply}
		out <- <-reply
		close(box)
	}()
	must(<-out == n, "counting: wrong total")
}

// d. fanin
func fanin(per int) {
	const producers = 8
	box := make(chan int, 1024)
	done := make(chan struct{})
	go func() {
		for got := 0; got < producers*per; got++ {
			<-box
		}
		close(done)
	}()
	for p := 0; p < producers; p++ {
		go func() {
			for i := 0; i < per; i++ {
				box <- i
			}
		}()
	}
	<-done
}

// e. create
func create(n int) {
	left := int64(n)
	done := make(chan struct{})
	go func() {
		for i := 0; i < n; i++ {
			box := make(chan int, 1)
			go func() {
				<-box
				if atomic.AddInt64(&left, -1) == 0 {
					close(done)
				}
			}()
			box <- i
		}
	}()
	<-done
}

// f. idle
func idle(n int) result {
	var ready, left int64 = 0, int64(n)
	done := make(chan struct{})
	runtime.GC()
	debug.FreeOSMemory()
	r0 := statusKB("VmRSS:")
	t0 := time.Now()
	boxes := make([]chan int, n)
	for i := range boxes {
		box := make(chan int, 1)
		boxes[i] = box
		go func() {
			atomic.AddInt64(&ready, 1)
			<-box
			if atomic.AddInt64(&left, -1) == 0 {
				close(done)
			}
		}()
	}
	for atomic.LoadInt64(&ready) != int64(n) {
		time.Sleep(time.Millisecond)
	}
	spawn := time.Since(t0)
	time.Sleep(300 * time.Millisecond)
	r1 := statusKB("VmRSS:")
	t1 := time.Now()
	for _, b := range boxes {
		b <- 1
	}
	<-done
	stop := time.Since(t1)
	return result{n, spawn + stop,
		fmt.Sprintf(",\"bytes_per_actor\":%.1f,\"spawn_s\":%.6f,\"stop_s\":%.6f",
			float64(r1-r0)*1024/float64(n), spawn.Seconds(), stop.Seconds())}
}

// g. fjthr
func fjthr(per int) {
	const actors = 60
	done := make(chan struct{}, actors)
	boxes := make([]chan int, actors)
	for i := range boxes {
		boxes[i] = make(chan int, mailbox)
		go func(in chan int) {
			for k := 0; k < per; k++ {
				<-in
			}
			done <- struct{}{}
		}(boxes[i])
	}
	go func() {
		for k := 0; k < per; k++ {
			for _, b := range boxes {
				b <- k
			}
		}
	}()
	for i := 0; i < actors; i++ {
		<-done
	}
}

// h. big
const (
	mPing = iota
	mPong
	mExit
)

type bigMsg struct {
	kind int
	from int
}

func big(per int) {
	const actors = 200
	boxes := make([]chan bigMsg, actors)
	for i := range boxes {
		boxes[i] = make(chan bigMsg, mailbox)
	}
	done := make(chan struct{}, actors)
	for i := range boxes {
		go func(me int) {
			seed := uint32(me)*7919 + 17
			left := per
			ping := func() {
				seed = (seed*1103515245 + 12345) & 0x7fffffff
				k := int(seed>>8) % actors
				if k == me {
					k = (k + 1) % actors
				}
				boxes[k] <- bigMsg{mPing, me}
			}
			ping()
			for m := range boxes[me] {
				switch m.kind {
				case mPing:
					boxes[m.from] <- bigMsg{mPong, me}
				case mPong:
					left--
					if left == 0 {
						done <- struct{}{}
					} else {
						ping()
					}
				case mExit:
					return
				}
			}
		}(i)
	}
	for i := 0; i < actors; i++ {
		<-done
	}
	for _, b := range boxes {
		b <- bigMsg{mExit, 0}
	}
}

// i. chameneos
const (
	cMeet = iota
	cChange
	cExit
	cCount
)

type chamMsg struct {
	kind  int
	color int
	from  chan chamMsg
}

func complement(a, b int) int {
	if a == b {
		return a
	}
	return 3 - a - b
}

func chameneos(meetings int) {
	const creatures = 100
	mall := make(chan chamMsg, mailbox)
	sum := make(chan int)
	go func() {
		var first chan chamMsg
		left, open, total := meetings, creatures, 0
		for m := range mall {
			switch {
			case m.kind == cCount:
				total += m.color
				open--
				if open == 0 {
					sum <- total
					return
				}
			case left == 0:
				m.from <- chamMsg{kind: cExit}
			case first == nil:
				first = m.from
			default:
				first <- m
				first = nil
				left--
			}
		}
	}()
	for i := 1; i <= creatures; i++ {
		go func(color int) {
			box := make(chan chamMsg, mailbox)
			met := 0
			mall <- chamMsg{cMeet, color, box}
			for m := range box {
				switch m.kind {
				case cMeet:
					color = complement(color, m.color)
					met++
					m.from <- chamMsg{kind: cChange, color: color}
					mall <- chamMsg{cMeet, color, box}
				case cChange:
					color = m.color
					met++
					mall <- chamMsg{cMeet, color, box}
				case cExit:
					mall <- chamMsg{kind: cCount, color: met}
					return
				}
			}
		}(i % 3)
	}
	must(<-sum == 2*meetings, "chameneos: wrong sum")
}

// j. ask: a fresh one-place channel per request
type askMsg struct {
	x     int
	reply chan int
}

func ask(per int) {
	const clients = 16
	server := make(chan askMsg, mailbox)
	go func() {
		for m := range server {
			m.reply <- m.x + 1
		}
	}()
	done := make(chan struct{}, clients)
	for c := 0; c < clients; c++ {
		go func() {
			for i := 0; i < per; i++ {
				reply := make(chan int, 1)
				server <- askMsg{i, reply}
				must(<-reply == i+1, "ask: wrong reply")
			}
			done <- struct{}{}
		}()
	}
	for c := 0; c < clients; c++ {
		<-done
	}
}

// k. pipeline
func pipeline(n int) {
	const capacity = 256
	done := make(chan struct{})
	in := make(chan int, capacity)
	first := in
	for s := 0; s < 4; s++ {
		out := make(chan int, capacity)
		go func(in, out chan int) {
			for v := range in {
				out <- v + 1
			}
		}(in, out)
		in = out
	}
	go func(in chan int) {
		for i := 0; i < n; i++ {
			<-in
		}
		close(done)
	}(in)
	go func() {
		for i := 0; i < n; i++ {
			first <- i
		}
	}()
	<-done
}

// l. skynet
func sky(parent chan int, num, size int) {
	if size == 1 {
		parent <- num
		return
	}
	box := make(chan int, 10)
	sub := size / 10
	for i := 0; i < 10; i++ {
		go sky(box, num+i*sub, sub)
	}
	s := 0
	for i := 0; i < 10; i++ {
		s += <-box
	}
	parent <- s
}

func main() {
	name := os.Args[1]
	div := 1
	if s := os.Getenv("PEERS_DIV"); s != "" {
		div, _ = strconv.Atoi(s)
	}
	runs := map[string]func() result{
		"pingpong":  func() result { n := 1000000 / div; return timed(n, func() { pingpong(n) }) },
		"ring":      func() result { n := 5000000 / div; return timed(n, func() { ring(n) }) },
		"counting":  func() result { n := 10000000 / div; return timed(n, func() { counting(n) }) },
		"fanin":     func() result { n := 1000000 / div; return timed(8*n, func() { fanin(n) }) },
		"create":    func() result { n := 1000000 / div; return timed(n, func() { create(n) }) },
		"idle":      func() result { return idle(1000000 / div) },
		"fjthr":     func() result { n := 200000 / div; return timed(60*n, func() { fjthr(n) }) },
		"big":       func() result { n := 10000 / div; return timed(200*n, func() { big(n) }) },
		"chameneos": func() result { n := 1000000 / div; return timed(n, func() { chameneos(n) }) },
		"ask":       func() result { n := 100000 / div; return timed(16*n, func() { ask(n) }) },
		"pipeline":  func() result { n := 2000000 / div; return timed(n, func() { pipeline(n) }) },
		"skynet": func() result {
			n := 1000000
			if div != 1 {
				n = 1000
			}
			return timed(n, func() {
				root := make(chan int, 1)
				go sky(root, 0, n)
				must(<-root == n*(n-1)/2, "skynet: wrong sum")
			})
		},
	}
	f, ok := runs[name]
	if !ok {
		fmt.Fprintln(os.Stderr, "no such workload:", name)
		os.Exit(2)
	}
	r := f()
	peer := "go"
	if runtime.GOMAXPROCS(0) == 1 {
		peer = "go-1"
	}
	s := r.d.Seconds()
	fmt.Printf("{\"peer\":%q,\"version\":%q,\"threads\":%d,\"bench\":%q,\"n\":%d,"+
		"\"seconds\":%.6f,\"ops_per_s\":%.1f,\"peak_rss_kb\":%d%s}\n",
		peer, runtime.Version(), runtime.GOMAXPROCS(0), name, r.n, s,
		float64(r.n)/s, statusKB("VmHWM:"), r.extra)
}
