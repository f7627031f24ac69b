package vodozemac

// Written returns what was written so far.
func (w *Writer) Written() []byte { return w.b }
