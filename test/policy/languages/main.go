// Goroutines, files, time and memory: what ordinary programs of Go do.
package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

func main() {
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func() {
			time.Sleep(time.Millisecond)
			group.Done()
		}()
	}
	group.Wait()
	if os.WriteFile("go.txt", []byte("text"), 0o644) != nil {
		os.Exit(1)
	}
	text, _ := os.ReadFile("go.txt")
	entries, err := os.ReadDir(".")
	if string(text) != "text" || err != nil || len(entries) == 0 || os.Remove("go.txt") != nil {
		os.Exit(2)
	}
	large := make([]byte, 50<<20)
	for i := range large {
		large[i] = 1
	}
	fmt.Println("ok")
}
