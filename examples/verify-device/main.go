// Verify-device lets two devices of a user verify each other: a person compares the emoji that both
// show, and the old device signs the new one. testdata is what they know, and an answer to /keys/query.
//
//	go run ./examples/verify-device
package main

import (
	"bufio"
	"embed"
	"fmt"
	"os"
	"time"

	crosssigning "github.com/chappe-e2ee/chappe/crossSigning"
	"github.com/chappe-e2ee/chappe/sas"
	"github.com/chappe-e2ee/chappe/verification"
)

//go:embed testdata
var files embed.FS
var verifiers, keys = map[string]*verification.Verifier{}, map[string]verification.Keys{} // by device
var person = bufio.NewScanner(os.Stdin)

// check ends the program, which runs once. A bot that goes on returns errors.
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "verify-device:", err)
		os.Exit(1)
	}
}
func must[T any](value T, err error) T { check(err); return value }

func main() {
	result := must(crosssigning.NewQuery("@alice:example.org").Check(must(files.ReadFile("testdata/keys-query.json")), nil, 1))
	if len(result.Users) == 0 || result.Users[0].Identity() == nil {
		check(fmt.Errorf("the user's cross-signing keys are missing %v", result.Refused))
	}
	user := result.Users[0]
	for _, id := range []string{"LAPTOP", "PHONE"} {
		own := must(crosssigning.ParseDeviceKeys(must(files.ReadFile("testdata/" + id + ".json")))) // not what the server shows
		verifiers[id] = must(verification.New(own, sas.Method{}))
		keys[id] = verification.Keys{Theirs: user, Self: crosssigning.NewSelf(user, crosssigning.Pin{}, crosssigning.Proof{Device: own})}
	}
	flow, out, err := verifiers["LAPTOP"].Request(time.Now(), keys["LAPTOP"], "PHONE")
	check(err)
	act("LAPTOP", out)
	phone := must(flow.Verified()).Device // fails when the flow is not done
	if phone == nil {
		check(fmt.Errorf("the phone did not show its own key"))
	}
	seed := must(crosssigning.ParseSeed(must(files.ReadFile("testdata/self-signing-key.txt")))) // mostly from secret storage
	private := must(crosssigning.ImportPrivateKeys(user.Identity(), crosssigning.Seeds{}.With(crosssigning.SelfSigning, seed)))
	fmt.Printf("%s\n", must(crosssigning.SignaturesUpload(must(private.SignDevice(phone, phone.Ed25519())))))
}

// act does on a device what follows from an event or an answer.
func act(id string, out verification.Out) {
	for _, m := range out.Send {
		for _, to := range m.Devices { // as the server would, to a device of the same user
			act(to, must(verifiers[to].Receive(time.Now(), verification.Event{Type: m.Type, Sender: m.UserID, Content: m.Content})))
		}
	}
	for _, n := range out.Notices {
		switch about := n.About.(type) {
		case verification.Incoming: // a program asks the person first
			act(id, must(n.Flow.Accept(time.Now(), keys[id])))
			act(id, must(n.Flow.Start(time.Now(), sas.Method{}))) // or the other device does
		case sas.Comparison:
			emoji, ok := about.Emoji()
			fmt.Printf("%s shows %v: does the other device show the same, yes or no?\n", id, emoji)
			answer := n.Flow.Deny
			if person.Scan(); ok && person.Text() == "yes" {
				answer = n.Flow.Confirm
			}
			act(id, must(answer(time.Now())))
		case verification.Ended:
			check(fmt.Errorf("not verified: %s: %s", about.Code, about.Reason))
		}
	}
}
