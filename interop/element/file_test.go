package element

import (
	"bytes"
	"io"
	"testing"

	"github.com/chappe-e2ee/chappe/attachment"
)

// Encrypted files of each side are read by the other.
func TestFiles(t *testing.T) {
	const url = "mxc://example.org/file"
	for _, size := range []int{0, 1, 15, 16, 17, 4096, 100_001} {
		plain := make([]byte, size)
		for i := range plain {
			plain[i] = byte(i * i)
		}
		var theirFile struct {
			Data []byte
			Info string
		}
		check(t, theirs.call("", "encryptFile", object{"data": plain}, &theirFile))
		info := decode[object](t, []byte(theirFile.Info))
		info["url"] = url // which the application adds
		file := must(attachment.ParseFile(encode(t, info)))
		reader := must(attachment.NewDecryptReader(bytes.NewReader(theirFile.Data), file, attachment.MaxSize))
		equal(t, "their file", string(must(io.ReadAll(reader))), string(plain))

		writer := attachment.NewEncryptReader(bytes.NewReader(plain), attachment.MaxSize)
		ciphertext := must(io.ReadAll(writer))
		ourFile := must(must(writer.Finish(url)).SecretJSON())
		var back []byte
		check(t, theirs.call("", "decryptFile", object{"data": ciphertext, "info": string(ourFile)}, &back))
		equal(t, "our file", string(back), string(plain))
		if size > 0 {
			ciphertext[0] ^= 1
			holds(t, "an altered file is refused", theirs.call("", "decryptFile", object{"data": ciphertext, "info": string(ourFile)}, nil) != nil)
		}
		counted("files", 2)
	}
}
