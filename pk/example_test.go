package pk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"github.com/chappe-e2ee/chappe/keys"
	"github.com/chappe-e2ee/chappe/pk"
)

// A client encrypts to the public key of a content scanner, which decrypts.
func Example() {
	scanner, err := pk.GenerateDecryptionKey()
	if err != nil {
		log.Fatal(err)
	}
	defer scanner.Close()

	// The client.
	m, err := pk.Encrypt(scanner.PublicKey(), []byte(`{"file":{}}`))
	if err != nil {
		log.Fatal(err)
	}
	body, err := json.Marshal(map[string]pk.Message{"encrypted_body": m})
	if err != nil {
		log.Fatal(err)
	}

	// The scanner.
	var request struct {
		EncryptedBody pk.Message `json:"encrypted_body"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		log.Fatal(err)
	}
	plaintext, err := scanner.Decrypt(request.EncryptedBody)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(plaintext))
	// Output: {"file":{}}
}

func ExampleEncrypt() {
	recipient, err := keys.ParseCurve25519("hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo")
	if err != nil {
		log.Fatal(err)
	}
	m, err := pk.Encrypt(recipient, []byte("This is a test"))
	if err != nil {
		log.Fatal(err)
	}
	ciphertext, mac, ephemeral := m.Text()
	fmt.Println(len(ciphertext), len(mac), len(ephemeral))
	// Output: 22 11 43
}

func ExampleParseMessage() {
	m, err := pk.ParseMessage("ntk49j/KozVFtSqJXhCejg", "zpzU6BkZcNI", "3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08")
	if err != nil {
		log.Fatal(err)
	}
	b, err := json.Marshal(m)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(b))
	// Output: {"ciphertext":"ntk49j/KozVFtSqJXhCejg","mac":"zpzU6BkZcNI","ephemeral":"3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08"}
}

func ExampleParseDecryptionKey() {
	key, err := pk.ParseDecryptionKey([]byte("dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo"))
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	fmt.Println(key.PublicKey())
	// Output: hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo
}

func ExampleGenerateDecryptionKey() {
	key, err := pk.GenerateDecryptionKey()
	if err != nil {
		log.Fatal(err)
	}
	private, err := key.Secret()
	if err != nil {
		log.Fatal(err)
	}
	again, err := pk.NewDecryptionKey(private[:])
	if err != nil {
		log.Fatal(err)
	}
	clear(private[:])
	fmt.Println(again.PublicKey() == key.PublicKey())
	// Output: true
}

func ExampleNewDecryptionKey() {
	_, err := pk.NewDecryptionKey(make([]byte, 32))
	fmt.Println(errors.Is(err, keys.ErrAbsent))
	// Output: true
}

func ExampleDecryptionKey_Decrypt() {
	key, err := pk.ParseDecryptionKey([]byte("dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo"))
	if err != nil {
		log.Fatal(err)
	}
	var m pk.Message
	sessionData := `{"ciphertext":"ntk49j/KozVFtSqJXhCejg","ephemeral":"3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08","mac":"zpzU6BkZcNI"}`
	if err := json.Unmarshal([]byte(sessionData), &m); err != nil {
		log.Fatal(err)
	}
	plaintext, err := key.Decrypt(m)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(plaintext))
	// Output: This is a test
}

func ExampleImportLibolmDecryptionKey() {
	pickle := "qx37WTQrjZLz5tId/uBX9B3/okqAbV1ofl9UnHKno1eipByCpXleAAlAZoJgYnCDOQZDQWzo3luTSfkF9pU1mOILCbbouubs6TVeDyPfgGD9i86J8irHjA"
	key, err := pk.ImportLibolmDecryptionKey([]byte(pickle), []byte("secret_key"))
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	fmt.Println(key.PublicKey())
	back, err := key.ExportLibolm([]byte("secret_key"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(back) == pickle)
	// Output:
	// hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo
	// true
}

func ExampleGenerateSigningKey() {
	key := pk.GenerateSigningKey()
	defer key.Close()
	signature, err := key.Sign([]byte("message"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key.PublicKey().Verify([]byte("message"), signature))
	// Output: <nil>
}

func ExampleNewSigningKey() {
	seed := []byte("an example's seed, 32 bytes long")
	key, err := pk.NewSigningKey(seed)
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	text, err := key.SecretText()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
	// Output: YW4gZXhhbXBsZSdzIHNlZWQsIDMyIGJ5dGVzIGxvbmc
}

func ExampleParseSigningKey() {
	key, err := pk.ParseSigningKey([]byte("dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo"))
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	fmt.Println(key.PublicKey())
	// Output: 0KTOwPi1C6HpNuxWFUVKqX37J4ZPXxdgivLLsQVI8bM
}
