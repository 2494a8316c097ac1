// Command sqllexer is go-sqllexer as a driver of the benchmark: driver.h says how it is told.
//
//	sqllexer FILE
//
// Obfuscator and normalizer are made once and carry their defaults, which collect nothing. The
// garbage collector is set to run less often than by default, as in a program with a larger heap.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	sqllexer "github.com/DataDog/go-sqllexer"
)

// gcPercent was the fastest of 50, 100, 400 and off, or not slower than that.
const gcPercent = 400

type introduction struct {
	Version    string `json:"version"`
	Statements int    `json:"statements"`
	Bytes      int    `json:"bytes"`
	Failed     []int  `json:"failed"`
}

type answer struct {
	WallNs int64 `json:"wall_ns"`
	CPUNs  int64 `json:"cpu_ns"`
}

var (
	obfuscator = sqllexer.NewObfuscator()
	normalizer = sqllexer.NewNormalizer()
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sqllexer FILE")
		os.Exit(2)
	}
	debug.SetGCPercent(gcPercent)
	statements := load(os.Args[1])
	encoder := json.NewEncoder(os.Stdout)
	encode(encoder, introduce(statements))
	sum := normalizeAll(statements)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		passes, err := strconv.Atoi(lines.Text())
		giveUp(err)
		wall, cpu := time.Now(), cpuNs()
		for range passes {
			sum += normalizeAll(statements)
		}
		encode(encoder, answer{WallNs: time.Since(wall).Nanoseconds(), CPUNs: cpuNs() - cpu})
	}
	runtime.KeepAlive(sum)
}

// load reads statements separated by NUL bytes.
func load(path string) []string {
	data, err := os.ReadFile(path)
	giveUp(err)
	var statements []string
	for _, text := range bytes.Split(data, []byte{0}) {
		statements = append(statements, string(text))
	}
	return statements
}

func introduce(statements []string) introduction {
	about := introduction{Version: version(), Statements: len(statements), Failed: []int{}}
	for number, text := range statements {
		about.Bytes += len(text)
		if _, _, err := sqllexer.ObfuscateAndNormalize(text, obfuscator, normalizer); err != nil {
			about.Failed = append(about.Failed, number)
		}
	}
	return about
}

func normalizeAll(statements []string) int {
	sum := 0
	for _, text := range statements {
		normalized, _, _ := sqllexer.ObfuscateAndNormalize(text, obfuscator, normalizer)
		sum += len(normalized)
	}
	return sum
}

func version() string {
	built, _ := debug.ReadBuildInfo()
	for _, module := range built.Deps {
		if module.Path == "github.com/DataDog/go-sqllexer" {
			return module.Version + ", " + runtime.Version()
		}
	}
	return "unknown, " + runtime.Version()
}

// cpuNs is the time that all threads have spent on a processor, the garbage collector's too.
func cpuNs() int64 {
	var usage syscall.Rusage
	giveUp(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func encode(encoder *json.Encoder, value any) {
	giveUp(encoder.Encode(value))
}

func giveUp(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
