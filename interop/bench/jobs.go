package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// job is work on many items that do not depend on each other, as a program
// spreads it over its cores.
type job struct {
	name  string
	items int
	given func() []string
	// make returns the work on an item. Items of an earlier round may be used again.
	make func(l library, items int) func(i int)
}

// cores is the number of goroutines, and of threads, that a job is spread over.
const cores = 2

// times is how often each item of the first two jobs is worked on: making the
// sessions takes longer than using them.
const times = 10

func jobs() []job {
	group := func() []string { return farTexts(0) }
	return []job{
		// A room key goes to devices whose sessions are in memory.
		{"JobEncrypt700", 50, nil, func(l library, items int) func(int) {
			plaintext := random(700)
			sessions := repeated(items, func() session { alice, _ := conversation(l, chappe{}); return alice })
			return func(i int) {
				for range times {
					sessions[i].encrypt(plaintext)
				}
			}
		}},
		// The same, with sessions in a database.
		{"JobStoreEncrypt700", 50, nil, func(l library, items int) func(int) {
			plaintext := random(700)
			pickles := repeated(items, func() []byte { alice, _ := conversation(l, chappe{}); return alice.pickle() })
			return func(i int) {
				for range times {
					s := l.readSession(pickles[i])
					s.encrypt(plaintext)
					pickles[i] = s.pickle()
				}
			}
		}},
		// The same, to devices that are met for the first time.
		{"JobFirstContact", 40, nil, func(l library, items int) func(int) {
			a, b, plaintext := l.newAccount(), chappe{}.newAccount(), random(700)
			b.addOneTimeKeys(1)
			identity, _ := b.identity()
			oneTime := b.oneTimeKeys()[0]
			return func(int) { a.outbound(identity, oneTime).encrypt(plaintext) }
		}},
		// Old messages of rooms, whose keys are given as session keys.
		{"JobHistory", 100, group, func(l library, _ int) func(int) {
			texts := farTexts(0)
			key, m := []byte(texts[0]), messageOf([]byte(texts[1]))
			return func(int) { l.newInbound(key).decrypt(m) }
		}},
		// A backup of room keys is read.
		{"JobBackup", 100, backupTexts, func(l library, _ int) func(int) {
			texts := backupTexts()
			decrypt, box := l.boxKey(must(raw.DecodeString(texts[0]))), [3]string(texts[1:])
			return func(int) {
				var data struct {
					SessionKey string `json:"session_key"`
				}
				check(json.Unmarshal(decrypt(box), &data))
				l.importInbound([]byte(data.SessionKey))
			}
		}},
	}
}

// spread runs f on all items, on as many cores as goroutines.
func spread(goroutines, items int, f func(i int)) sample {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(goroutines))
	runtime.GC()
	var next atomic.Int64
	var wait sync.WaitGroup
	start := time.Now()
	for range goroutines {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(items); i = next.Add(1) - 1 {
				f(int(i))
			}
		})
	}
	wait.Wait()
	return sample{seconds: time.Since(start).Seconds() / float64(items)}
}

// jobRow has each implementation on one core and on several.
type jobRow struct {
	name     string
	one, two map[string]result
	speedup  map[string]float64 // median over rounds
}

func measureJobs(wanted *regexp.Regexp, v *vodozemac, rounds int) ([]jobRow, error) {
	var rows []jobRow
	for _, j := range jobs() {
		if !wanted.MatchString(j.name) {
			continue
		}
		r, err := j.measure(v, rounds)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", j.name, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (j job) measure(v *vodozemac, rounds int) (jobRow, error) {
	var one, two []*contestant
	add := func(name string, run func(threads int) (sample, error)) {
		one = append(one, &contestant{name: name, batch: func(int) (sample, error) { return run(1) }})
		two = append(two, &contestant{name: name, batch: func(int) (sample, error) { return run(cores) }})
	}
	for _, l := range libraries() {
		work := j.make(l, j.items)
		add(l.name(), func(n int) (sample, error) { return spread(n, j.items, work), nil })
	}
	o := order{Job: j.name, Count: j.items}
	if j.given != nil {
		o.Given = j.given()
	}
	add("vodozemac", func(n int) (sample, error) {
		o.Threads = n
		a, err := v.ask(o)
		return sample{seconds: a.Nanos / 1e9 / float64(j.items)}, err
	})
	r := jobRow{name: j.name, speedup: map[string]float64{}}
	for round := range rounds {
		for k := range one {
			at := (round + k) % len(one)
			for _, c := range []*contestant{one[at], two[at]} {
				s, err := c.batch(0)
				if err != nil {
					return r, err
				}
				c.samples = append(c.samples, s)
			}
		}
	}
	for k := range one {
		var ratios []float64
		for i, s := range one[k].samples {
			ratios = append(ratios, s.seconds/two[k].samples[i].seconds)
		}
		r.speedup[one[k].name] = median(ratios)
	}
	r.one, r.two = results(one), results(two)
	return r, nil
}
