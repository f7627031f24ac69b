package ct64

func AppendEncode(dst, src []byte) []byte { return dst }

func Decode[T string | []byte](dst []byte, src T) error { return nil }
