// Scan-attachment has encrypted files scanned for viruses: a bot encrypts a file
// and tells a content scanner its key; the scanner, here as well, has a look.
//
//	go run ./examples/scan-attachment
package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/chappe-e2ee/chappe/attachment"
	"github.com/chappe-e2ee/chappe/pk"
)

const maxSize = 100 << 20 // bytes of a file

//go:embed testdata
var testdata embed.FS
var files = must(fs.Sub(testdata, "testdata"))

// check ends the program, which runs once. A bot that goes on returns errors.
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "scan-attachment:", err)
		os.Exit(1)
	}
}
func must[T any](value T, err error) T { check(err); return value }

func main() {
	// From GET …/public_key, over TLS, of the scanner that the operator named: it can read the files.
	scanner := must(attachment.ParseScannerKey(must(fs.ReadFile(files, "public-key.json"))))
	for _, name := range []string{"harmless", "infected", "altered"} {
		encrypted := attachment.NewEncryptReader(must(files.Open(name+".txt")), maxSize)
		uploaded := must(io.ReadAll(encrypted))
		file := must(encrypted.Finish("mxc://example.org/" + name)) // for the event in the room
		if name == "altered" {
			uploaded[0] ^= 1 // by the homeserver
		}
		status, answer := scan(must(attachment.EncryptScanRequest(file, scanner)), uploaded)
		if status != 200 { // not scanned, and so not clean
			var failed attachment.ScanError
			check(json.Unmarshal(answer, &failed))
			fmt.Printf("%s: not scanned: %s\n", name, failed.Reason)
			continue
		}
		var result attachment.ScanResult
		check(json.Unmarshal(answer, &result))
		fmt.Printf("%s: clean: %t\n", name, result.Clean)
	}
}

// scan is the scanner's answer to POST …/scan_encrypted. All that goes wrong is
// answered alike: who alters a request and sends it again would learn from more.
func scan(body, uploaded []byte) (status int, answer []byte) {
	plaintext, err := decrypt(body, uploaded)
	if err != nil {
		return 403, must(json.Marshal(attachment.ScanError{Reason: attachment.ReasonDecryption}))
	}
	return 200, must(json.Marshal(attachment.ScanResult{Clean: !bytes.Contains(plaintext, []byte("***VIRUS***"))}))
}

func decrypt(body, uploaded []byte) ([]byte, error) {
	key := must(pk.ParseDecryptionKey(must(fs.ReadFile(files, "scanner-key.txt"))))
	file, err := attachment.DecryptScanRequest(body, key)
	if err != nil {
		return nil, err
	}
	// What file.URL() led to. Nothing is read before its hash is right.
	plaintext, err := attachment.NewDecryptReader(bytes.NewReader(uploaded), file, maxSize)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(plaintext)
}
