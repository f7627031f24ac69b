// Package workflows has no code of its own: its tests hold the files of
// .github/workflows to rules that actionlint has no words for. A job gets a token
// that reads, and no more unless it stands in a table; every action is named by
// the hash of a commit, every tool by go.sum; nothing runs in the name of a
// stranger's pull request.
//
// Every rule is also run on a made-up workflow that breaks it.
package workflows
