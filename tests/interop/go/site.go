package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
)

// site is the URL of a served log, with a final slash. A directory is served from here by Go's plain
// file server, since a tlog-tiles tree needs no more.
func site(place string) (string, error) {
	if strings.HasPrefix(place, "http://") {
		return strings.TrimSuffix(place, "/") + "/", nil
	}
	if _, err := os.Stat(place); err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { _ = http.Serve(listener, http.FileServer(http.Dir(place))) }()
	return fmt.Sprintf("http://%s/", listener.Addr()), nil
}

// get is the body of a page that must be there.
func get(url string) ([]byte, error) {
	response, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, response.Status)
	}
	return io.ReadAll(response.Body)
}

// samples are indices worth asking for in a log of this size.
func samples(size int64) []int64 {
	var chosen []int64
	for _, index := range []int64{0, 1, 255, 256, 257, size / 3, size / 2, size - 2, size - 1} {
		if index >= 0 && index < size {
			chosen = append(chosen, index)
		}
	}
	return chosen
}
