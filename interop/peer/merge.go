package peer

import (
	"fmt"

	"github.com/chappe-e2ee/chappe/megolm"
)

// Merger is an implementation that compares copies of a Megolm session, and
// takes the best of both. libolm and goolm have nothing of the kind.
type Merger interface {
	Implementation
	// Merge says how the copy a relates to b: "equal", "better", "worse" or
	// "unconnected". It returns the copy that has the best of both, nil when
	// they are not connected. Both copies are its own, and may change.
	Merge(a, b InboundGroup) (order string, merged InboundGroup, err error)
}

// Merge implements [Merger].
func (Chappe) Merge(a, b InboundGroup) (string, InboundGroup, error) {
	return merge(a.(chappeInbound), b.(chappeInbound))
}

// Merge implements [Merger].
func (ChappeToVodozemac) Merge(a, b InboundGroup) (string, InboundGroup, error) {
	order, merged, err := merge(a.(inVodozemacInbound).chappeInbound, b.(inVodozemacInbound).chappeInbound)
	if merged == nil || err != nil {
		return order, nil, err
	}
	return order, inVodozemacInbound{merged.(chappeInbound)}, nil
}

func merge(a, b chappeInbound) (string, InboundGroup, error) {
	compared, err := a.s.Compare(b.s)
	if err != nil {
		return "", nil, err
	}
	merged, err := a.s.Merge(b.s)
	if err != nil {
		return "", nil, err
	}
	if merged != compared {
		return "", nil, fmt.Errorf("peer: compares as %v, and merges as %v", compared, merged)
	}
	if merged == megolm.Unconnected {
		return merged.String(), nil, nil
	}
	return merged.String(), a, nil
}

// Merge implements [Merger].
func (Vodozemac) Merge(a, b InboundGroup) (string, InboundGroup, error) {
	got, err := call(a.(*vodozemacInbound).object, "inbound.merge", request{"other": b.(*vodozemacInbound).number})
	if err != nil || got.Made == 0 {
		return got.order(), nil, err
	}
	merged, err := vodozemacInboundOf(got, nil)
	return got.order(), merged, err
}

func (a *answer) order() string {
	if a == nil {
		return ""
	}
	return a.Text
}
