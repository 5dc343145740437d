package packets

import "github.com/mqttwire/mqttwire"

// What splices or patches a packet is given all of its bytes: that some are missing is a
// fault like any other.

// wholeFrame returns the frame that b is. It looks at the fixed header alone: whether
// the body has as many bytes as that says is for a decoder to say.
func wholeFrame(b []byte, v mqttwire.Version) (mqttwire.Frame, error) {
	f, err := peekFrame(b)
	switch err {
	case nil:
		f.Body = b[f.Header.Size:len(b):len(b)]
	case mqttwire.ErrIncomplete:
		err = mqttwire.NewError(mqttwire.RuleFrameLength, f.Header.Type, v, mqttwire.FieldRemainingLength, len(b), mqttwire.NotANumber)
	}
	return f, err
}

// patchedFrame is wholeFrame, of a frame whose fixed header is legal.
func patchedFrame(b []byte, v mqttwire.Version) (mqttwire.Frame, error) {
	f, err := wholeFrame(b, v)
	if err != nil || judgePatched(f, v, nil) {
		return f, err
	}
	j := wire.Judge(f, f.Header.Type, v, nil)
	judgePatched(f, v, &j)
	return f, wire.Err(&j)
}

// judgePatched judges the fixed header of a frame.
func judgePatched(f mqttwire.Frame, v mqttwire.Version, j *mqttwire.Judge) bool {
	if f.Header.Type == mqttwire.PUBLISH {
		var p Publish
		return p.judgeHeader(f, v, j)
	}
	return wire.Frame(j, f, f.Header.Type, v)
}
