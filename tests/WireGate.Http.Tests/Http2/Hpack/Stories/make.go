// Writes the stories of Go's encoder, golang.org/x/net/http2/hpack: what the stories of make.py say.
package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"golang.org/x/net/http2/hpack"
)

// The sizes that the reader of the stories has the table have, before which block.
var resizes = map[int][]uint32{3: {300}, 8: {0, 4096}, 13: {64, 128}, 18: {0}, 21: {4096}}

func story(name, from string, resizes map[int][]uint32) {
	text, err := os.ReadFile(from + ".txt")
	if err != nil {
		panic(err)
	}

	var block, said bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	fmt.Fprintln(&said, "table 4096")
	for number, section := range strings.Split(string(text), "\nblock ")[1:] {
		for _, size := range resizes[number] {
			encoder.SetMaxDynamicTableSize(size)
		}

		fields := strings.Split(strings.TrimSuffix(section, "\n"), "\n")[1:]
		for _, line := range fields {
			colon := strings.Index(line, ": ")
			field := hpack.HeaderField{Name: line[2:colon], Value: line[colon+2:], Sensitive: line[0] == '!'}
			if err := encoder.WriteField(field); err != nil {
				panic(err)
			}
		}

		fmt.Fprintf(&said, "block %x\n%s\n", block.Bytes(), strings.Join(fields, "\n"))
		block.Reset()
	}

	if err := os.WriteFile(name+".txt", said.Bytes(), 0o644); err != nil {
		panic(err)
	}
}

func main() {
	story("go", "huffman", nil)
	story("go-small-table", "small-table", map[int][]uint32{0: {256}})
	story("go-resized", "resized", resizes)
}
