package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"path/filepath"
)

// A test program for every mutant is a build for every mutant. So most mutants
// get one program with switches instead: mutantNow, from the environment,
// chooses which one is on. What cannot be switched, such as constants, is
// built.
const switches = `package %s

import (
	"os"
	"strconv"
)

var mutantNow, _ = strconv.Atoi(os.Getenv("MUTANT"))

type mutantInteger interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}
`

// operation is a function of mutantswitch.go for an operator and the one in its
// place.
const operation = `
func mutant%d[%s mutantInteger](on bool, a T, b %s) T {
	if on {
		return a %s b
	}
	return a %s b
}
`

// change is what a switch does: another operator at an offset of a file.
type change struct {
	File string      `json:"file"`
	At   int         `json:"at"`
	Op   token.Token `json:"op"`
}

// What gremlins puts in the place of an operator.
var (
	boundary = map[token.Token]token.Token{token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR}
	negation = map[token.Token]token.Token{
		token.EQL: token.NEQ, token.NEQ: token.EQL,
		token.LSS: token.GEQ, token.GEQ: token.LSS, token.GTR: token.LEQ, token.LEQ: token.GTR,
	}
	logical    = map[token.Token]token.Token{token.LAND: token.LOR, token.LOR: token.LAND}
	counter    = map[token.Token]token.Token{token.INC: token.DEC, token.DEC: token.INC}
	arithmetic = map[token.Token]token.Token{
		token.ADD: token.SUB, token.SUB: token.ADD, token.MUL: token.QUO, token.QUO: token.MUL, token.REM: token.MUL,
		token.AND: token.OR, token.OR: token.AND, token.XOR: token.AND, token.AND_NOT: token.AND,
		token.SHL: token.SHR, token.SHR: token.SHL,
	}
	assignment = map[token.Token]token.Token{
		token.ADD_ASSIGN: token.SUB_ASSIGN, token.SUB_ASSIGN: token.ADD_ASSIGN, token.MUL_ASSIGN: token.QUO_ASSIGN, token.QUO_ASSIGN: token.MUL_ASSIGN,
		token.AND_ASSIGN: token.OR_ASSIGN, token.OR_ASSIGN: token.AND_ASSIGN, token.XOR_ASSIGN: token.AND_ASSIGN,
		token.AND_NOT_ASSIGN: token.AND_ASSIGN, token.SHL_ASSIGN: token.SHR_ASSIGN, token.SHR_ASSIGN: token.SHL_ASSIGN,
	}
)

// header returns mutantswitch.go for a package.
func header(pkg string) []byte {
	text := fmt.Appendf(nil, switches, pkg)
	for op := token.ADD; op <= token.AND_NOT; op++ {
		if by, ok := arithmetic[op]; ok {
			types, b := "T", "T"
			if op == token.SHL || op == token.SHR {
				types, b = "T, U", "U"
			}
			text = fmt.Appendf(text, operation, int(op), types, b, by, op)
		}
	}
	return text
}

// switcher adds switches to a file.
type switcher struct {
	edits
	file string
	all  *[]change // a switch is on when mutantNow is its place in here, from 1
	skip map[int]bool
}

// on returns the condition that an operator is the other one.
func (s *switcher) on(p token.Pos, op token.Token) string {
	*s.all = append(*s.all, change{s.file, s.offset(p), op})
	return fmt.Sprintf("(mutantNow == %d)", len(*s.all))
}

// switched returns the source with a switch for each mutant that can have one,
// and appends their changes. skip has the lines where only conditions get
// switches: what else stands there does not compile with one.
func (src *source) switched(file string, all *[]change, skip map[int]bool) []byte {
	s := &switcher{edits{files: src.files}, filepath.Base(file), all, skip}
	ast.Inspect(src.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			return n.Tok != token.CONST && n.Tok != token.TYPE
		case *ast.ArrayType:
			return false
		case *ast.BinaryExpr:
			s.binary(src, n)
		case *ast.IncDecStmt:
			s.around(n, "func() { if "+s.on(n.TokPos, counter[n.Tok])+" { "+src.words(n.X)+counter[n.Tok].String()+" } else { ", " } }()")
		case *ast.AssignStmt:
			if by, ok := assignment[n.Tok]; ok && !skip[s.files.Position(n.TokPos).Line] {
				x, y := src.words(n.Lhs[0]), src.words(n.Rhs[0])
				s.around(n, fmt.Sprintf("func() { if %s { %s %s %s } else if %s { %s = %s } else { ",
					s.on(n.TokPos, by), x, by, y, s.on(n.TokPos, token.ASSIGN), x, y), " } }()")
			}
		}
		return true
	})
	return s.apply(src.text)
}

func (s *switcher) binary(src *source, n *ast.BinaryExpr) {
	switch n.Op {
	case token.LAND, token.LOR: // X || Y is !(!X && !Y)
		on := s.on(n.OpPos, logical[n.Op])
		s.around(n, "(((", " != "+on+")) != "+on+")")
		s.around(n.X, "", " != "+on+")")
		s.around(n.Y, "(", "")
	case token.EQL, token.NEQ:
		s.around(n, "((", ") != "+s.on(n.OpPos, negation[n.Op])+")")
	case token.LSS, token.LEQ, token.GTR, token.GEQ: // the boundary is where both are equal
		if repeatable(n.X) && repeatable(n.Y) {
			equal := src.words(n.X) + " == " + src.words(n.Y)
			s.around(n, "(((", ") != "+s.on(n.OpPos, negation[n.Op])+") != ("+s.on(n.OpPos, boundary[n.Op])+" && "+equal+"))")
		}
	default:
		_, literal := n.X.(*ast.BasicLit) // of a shift: its type is not known
		shift := n.Op == token.SHL || n.Op == token.SHR
		if !s.skip[s.files.Position(n.OpPos).Line] && !(shift && literal) {
			s.around(n, fmt.Sprintf("mutant%d(%s, ", int(n.Op), s.on(n.OpPos, arithmetic[n.Op])), ")")
			s.replace(n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), ",")
		}
	}
}

// repeatable says that an expression has the same value a second time: it calls
// nothing but conversions and built-in functions, as far as their names tell.
func repeatable(x ast.Expr) bool {
	ok := true
	ast.Inspect(x, func(n ast.Node) bool {
		if call, is := n.(*ast.CallExpr); is {
			_, name := call.Fun.(*ast.Ident)
			ok = ok && name
		}
		return ok
	})
	return ok
}
