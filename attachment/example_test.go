package attachment_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/chappe-e2ee/chappe/attachment"
	"github.com/chappe-e2ee/chappe/pk"
)

// The file that some of the examples decrypt: its ciphertext, and what stood in
// the event.
var (
	exampleCiphertext = []byte("\xe7\x12\x59\x4e\xde\x5c\x42\x27\x26\xfb\xd7\xf8")
	exampleFile       = `{
		"url": "mxc://example.org/FHyPlCeYUSFFxlgbQYZmoEoe",
		"v": "v2",
		"key": {
			"alg": "A256CTR",
			"ext": true,
			"k": "__________________________________________8",
			"key_ops": ["encrypt", "decrypt"],
			"kty": "oct"
		},
		"iv": "//////////8AAAAAAAAAAA",
		"hashes": {"sha256": "YzF08lARDdOCzJpzuSwsjTNlQc4pHxpdHcXiD/wpK6k"}
	}`
)

// A sender uploads a file and describes it in an event; a receiver reads the
// event, downloads the file and decrypts it.
func Example() {
	// The sender. The body of the upload is the reader itself.
	sending := attachment.NewEncryptReader(strings.NewReader("Hello, World"), 100<<20)
	server, err := io.ReadAll(sending)
	if err != nil {
		log.Fatal(err)
	}
	file, err := sending.Finish("mxc://example.org/FHyPlCeYUSFFxlgbQYZmoEoe")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	secretJSON, err := file.SecretJSON()
	if err != nil {
		log.Fatal(err)
	}
	event, err := json.Marshal(map[string]any{ // to be encrypted for the room
		"msgtype": "m.file",
		"body":    "hello.txt",
		"file":    secretJSON,
	})
	if err != nil {
		log.Fatal(err)
	}

	// The receiver.
	var content struct {
		File attachment.File `json:"file"`
	}
	if err := json.Unmarshal(event, &content); err != nil {
		log.Fatal(err)
	}
	downloaded := bytes.NewReader(server) // or a temporary file
	plaintext, err := attachment.NewDecryptReader(downloaded, content.File, 100<<20)
	if err != nil {
		log.Fatal(err)
	}
	b, err := io.ReadAll(plaintext)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(b))
	// Output: Hello, World
}

func ExampleNewDecryptReader() {
	file, err := attachment.ParseFile([]byte(exampleFile))
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	plaintext, err := attachment.NewDecryptReader(bytes.NewReader(exampleCiphertext), file, 100<<20)
	if err != nil {
		log.Fatal(err)
	}
	b, err := io.ReadAll(plaintext)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(plaintext.Size(), string(b))
	// Output: 12 Hello, World
}

// A server that altered the file gets no byte through.
func ExampleNewDecryptReader_altered() {
	file, err := attachment.ParseFile([]byte(exampleFile))
	if err != nil {
		log.Fatal(err)
	}
	altered := bytes.Clone(exampleCiphertext)
	altered[0] ^= 'H' ^ 'J'
	_, err = attachment.NewDecryptReader(bytes.NewReader(altered), file, 100<<20)
	fmt.Println(errors.Is(err, attachment.ErrHash))
	// Output: true
}

// In one pass, what was altered comes out, and the error comes behind it. The
// bytes count for nothing until then.
func ExampleNewUnverifiedReader() {
	file, err := attachment.ParseFile([]byte(exampleFile))
	if err != nil {
		log.Fatal(err)
	}
	altered := bytes.Clone(exampleCiphertext)
	altered[0] ^= 'H' ^ 'J'
	unverified, err := attachment.NewUnverifiedReader(bytes.NewReader(altered), file, 100<<20)
	if err != nil {
		log.Fatal(err)
	}
	var undoable bytes.Buffer
	if _, err := io.Copy(&undoable, unverified); err != nil {
		fmt.Println("thrown away:", undoable.String())
		undoable.Reset()
		fmt.Println(errors.Is(err, attachment.ErrHash))
	}
	// Output:
	// thrown away: Jello, World
	// true
}

func ExampleNewEncryptReader() {
	e := attachment.NewEncryptReader(strings.NewReader("Hello, World"), 8)
	n, err := io.Copy(io.Discard, e)
	fmt.Println(n, errors.Is(err, attachment.ErrTooLarge))
	_, err = e.Finish("mxc://example.org/FHyPlCeYUSFFxlgbQYZmoEoe")
	fmt.Println(errors.Is(err, attachment.ErrUnfinished))
	e.Close()
	// Output:
	// 8 true
	// true
}

func ExampleParseFile() {
	file, err := attachment.ParseFile([]byte(exampleFile))
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	fmt.Println(file.URL())
	fmt.Println(file)
	// Output:
	// mxc://example.org/FHyPlCeYUSFFxlgbQYZmoEoe
	// [redacted]
}

// A struct that is marshalled has a json.RawMessage where one that is
// unmarshalled has a File.
func ExampleFile_SecretJSON() {
	file, err := attachment.ParseFile([]byte(exampleFile))
	if err != nil {
		log.Fatal(err)
	}
	_, err = json.Marshal(file)
	fmt.Println(err != nil)
	text, err := file.SecretJSON()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
	// Output:
	// true
	// {"hashes":{"sha256":"YzF08lARDdOCzJpzuSwsjTNlQc4pHxpdHcXiD/wpK6k"},"iv":"//////////8AAAAAAAAAAA","key":{"alg":"A256CTR","ext":true,"k":"__________________________________________8","key_ops":["encrypt","decrypt"],"kty":"oct"},"url":"mxc://example.org/FHyPlCeYUSFFxlgbQYZmoEoe","v":"v2"}
}

// A client has a file scanned.
func ExampleEncryptScanRequest() {
	// GET …/public_key
	scanner, err := attachment.ParseScannerKey([]byte(`{"public_key":"hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo"}`))
	if err != nil {
		log.Fatal(err)
	}
	file, err := attachment.ParseFile([]byte(exampleFile))
	if err != nil {
		log.Fatal(err)
	}
	body, err := attachment.EncryptScanRequest(file, scanner)
	if err != nil {
		log.Fatal(err)
	}
	// POST …/scan_encrypted
	fmt.Println(strings.Contains(string(body), "mxc://"))

	var result attachment.ScanResult
	if err := json.Unmarshal([]byte(`{"clean":false,"info":"***VIRUS DETECTED***"}`), &result); err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Clean, result.Info)
	// Output:
	// false
	// false ***VIRUS DETECTED***
}

// A scanner reads a request.
func ExampleDecryptScanRequest() {
	key, err := pk.GenerateDecryptionKey()
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	sent, err := attachment.ParseFile([]byte(exampleFile))
	if err != nil {
		log.Fatal(err)
	}
	body, err := attachment.EncryptScanRequest(sent, key.PublicKey())
	if err != nil {
		log.Fatal(err)
	}

	file, err := attachment.DecryptScanRequest(body, key)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	fmt.Println(file.URL()) // to be downloaded
	plaintext, err := attachment.NewDecryptReader(bytes.NewReader(exampleCiphertext), file, 100<<20)
	if err != nil {
		log.Fatal(err) // ReasonDecryption, as when DecryptScanRequest fails
	}
	b, err := io.ReadAll(plaintext)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(b))
	// Output:
	// mxc://example.org/FHyPlCeYUSFFxlgbQYZmoEoe
	// Hello, World
}

func ExampleParseScanRequest() {
	key, err := pk.GenerateDecryptionKey()
	if err != nil {
		log.Fatal(err)
	}
	body := []byte(`{"file":` + exampleFile + `}`)
	file, err := attachment.DecryptScanRequest(body, key)
	if errors.Is(err, attachment.ErrUnencrypted) {
		file, err = attachment.ParseScanRequest(body)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.URL())
	// Output: mxc://example.org/FHyPlCeYUSFFxlgbQYZmoEoe
}

func ExampleParseScannerKey() {
	key, err := attachment.ParseScannerKey([]byte(`{"public_key":"GdwYYj5Ey9O96FMi4DjIhPhY604RuZg2Om98Kqh+3GE"}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key)
	// Output: GdwYYj5Ey9O96FMi4DjIhPhY604RuZg2Om98Kqh+3GE
}

func ExampleScanError() {
	response := new(attachment.ScanError)
	if err := json.Unmarshal([]byte(`{"info":"***VIRUS DETECTED***","reason":"MCS_MEDIA_NOT_CLEAN"}`), response); err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Reason == attachment.ReasonNotClean)
	fmt.Println(response)
	// Output:
	// true
	// attachment: scanner answers "MCS_MEDIA_NOT_CLEAN": "***VIRUS DETECTED***"
}
