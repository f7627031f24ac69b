package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/chappe-e2ee/chappe/attachment"
)

// What became of an attachment. The texts are part of the interface.
const (
	attachmentSaved     = "saved"
	attachmentExported  = "exported"  // Element had decrypted it into the folder
	attachmentMissing   = "missing"   // no file of that name in the folder
	attachmentDamaged   = "damaged"   // the file has another hash
	attachmentMalformed = "malformed" // what the event says of it
)

// An attachmentMark is what the output says of an attachment of an event.
type attachmentMark struct {
	Member string `json:"member"` // of the content: "file" or "thumbnail_file"
	URL    string `json:"url,omitempty"`
	Status string `json:"status"`
	// Path is where it is: in the new folder, or in the given one if exported.
	Path string `json:"path,omitempty"`
}

func (a attachmentMark) good() bool {
	return a.Status == attachmentSaved || a.Status == attachmentExported
}

// attachments are a folder of ciphertexts, and a new one for what is in them,
// which gets its name when all is done.
type attachments struct {
	from      string
	files     map[string][]string // by every name that a file can be found under
	exported  []string            // in the folders of Element's export, below from
	temporary string
	final     string
}

// openAttachments looks through the folder from, and begins the folder to.
func (t *tool) openAttachments(ctx context.Context, from, to string) (*attachments, error) {
	if _, err := os.Lstat(to); err == nil {
		return nil, failf(exitUsage, "%s exists; --save-attachments is a new folder", to)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	a := &attachments{from: from, files: map[string][]string{}, final: to}
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = cancelled(ctx)
		}
		if err == nil && d.Type().IsRegular() {
			a.index(path)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	a.temporary, err = os.MkdirTemp(filepath.Dir(filepath.Clean(to)), "."+filepath.Base(to)+".*.tmp") // mode 0700
	return a, err
}

// index notes the names of a file: its own, that without its extension, and with
// the folder that it is in, as "server/media".
func (a *attachments) index(path string) {
	base := filepath.Base(path)
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	parent := filepath.Base(filepath.Dir(path))
	if below, err := filepath.Rel(a.from, path); err == nil && slices.Contains(elementFolders, filepath.ToSlash(filepath.Dir(below))) {
		a.exported = append(a.exported, below)
	}
	names := []string{base, parent + "/" + base}
	if stem != base {
		names = append(names, stem, parent+"/"+stem)
	}
	for _, name := range names {
		a.files[name] = append(a.files[name], path)
	}
}

// elementFolders are where Element's export has its files, decrypted, as
// NAME-DATE.EXTENSION.
var elementFolders = []string{"images", "videos", "audio", "files", "stickers"}

// exportedAs returns the file of an export that has a name, where Element wrote it.
func (a *attachments) exportedAs(name string) (string, bool) {
	ext := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ext) + "-"
	for _, path := range a.exported {
		if base := filepath.Base(path); name != "" && strings.HasPrefix(base, stem) && filepath.Ext(base) == ext {
			return path, true
		}
	}
	return "", false
}

// candidates returns the files that may be the ciphertext of an mxc:// address,
// the best name first. Their hash will show.
func (a *attachments) candidates(url, name string) []string {
	server, media, _ := strings.Cut(strings.TrimPrefix(url, "mxc://"), "/")
	var found []string
	seen := map[string]bool{}
	for _, key := range []string{server + "/" + media, server + "_" + media, media, name} {
		for _, path := range a.files[key] {
			if key != "" && !seen[path] {
				found = append(found, path)
				seen[path] = true
			}
		}
	}
	return found
}

// save decrypts the attachments that the content of an event names. An error is of the folders,
// and ends it all; what is wrong with an attachment stands in its mark. byElement
// says that Element may have decrypted the event.
func (a *attachments) save(ctx context.Context, number int, raw []byte, byElement bool) ([]attachmentMark, error) {
	content, err := parseMembers(raw)
	if err != nil {
		return nil, nil
	}
	name, _ := content.text("filename")
	if name == "" {
		name, _ = content.text("body")
	}
	info, _ := parseMembers(content["info"])
	var marks []attachmentMark
	for _, one := range []struct {
		member, suffix string
		raw            []byte
	}{{"file", "", content["file"]}, {"thumbnail_file", "-thumbnail", info["thumbnail_file"]}} {
		if len(one.raw) == 0 || one.raw[0] != '{' {
			continue
		}
		m, err := a.saveOne(ctx, one.raw, name, savedName(number, one.suffix, name))
		if err != nil {
			return nil, err
		}
		m.Member = one.member
		if path, ok := a.exportedAs(name); ok && byElement && m.Status != attachmentSaved && one.member == "file" {
			m.Status, m.Path = attachmentExported, path
		}
		marks = append(marks, m)
	}
	return marks, nil
}

func (a *attachments) saveOne(ctx context.Context, raw []byte, name, as string) (m attachmentMark, err error) {
	f, err := attachment.ParseFile(raw)
	if err != nil {
		return attachmentMark{Status: attachmentMalformed}, nil
	}
	defer f.Close()
	m.URL, m.Status = f.URL(), attachmentMissing
	for _, path := range a.candidates(f.URL(), name) {
		switch err := a.decrypt(ctx, f, path, as); {
		case err == nil:
			m.Status, m.Path = attachmentSaved, as
			return m, nil
		case errors.Is(err, attachment.ErrHash):
			m.Status = attachmentDamaged
		case codeOf(err) == exitDamaged: // its iv
			m.Status = attachmentMalformed
			return m, nil
		default:
			return m, err
		}
	}
	return m, nil
}

// decrypt writes what is in a ciphertext into the new folder.
func (a *attachments) decrypt(ctx context.Context, f attachment.File, path, as string) error {
	ciphertext, err := os.Open(path)
	if err != nil {
		return err
	}
	defer ciphertext.Close()
	r, err := attachment.NewDecryptReader(&watched{ctx: ctx, file: ciphertext}, f, attachment.MaxSize)
	if err != nil {
		return err
	}
	out, err := createOutput(filepath.Join(a.temporary, as), false)
	if err != nil {
		return err
	}
	defer out.abandon()
	if _, err := io.Copy(out, r); err != nil {
		return err
	}
	return out.commit()
}

// savedName returns a name for a file, beginning with the number of its event.
// What the sender chose is in it, without what could lead elsewhere.
func savedName(number int, kind, name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	safe := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r) {
			return r
		}
		return '_'
	}, name)
	for len(safe) > 100 { // from the front: the end says what it is
		_, n := utf8.DecodeRuneInString(safe)
		safe = safe[n:]
	}
	return fmt.Sprintf("%06d%s-%s", number, kind, safe)
}

func (a *attachments) commit() error {
	if err := os.Rename(a.temporary, a.final); err != nil {
		return err
	}
	a.temporary = ""
	return nil
}

// abandon removes the new folder, unless commit was called.
func (a *attachments) abandon() {
	if a.temporary != "" {
		os.RemoveAll(a.temporary)
	}
}
