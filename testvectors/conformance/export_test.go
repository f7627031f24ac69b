package conformance

// Calls returns the names of all calls.
func Calls() []string {
	var list []string
	for name := range services {
		list = append(list, name)
	}
	return list
}
