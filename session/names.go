package session

// What kinds, outcomes and reasons are called in logs.
var (
	kindNames = [...]string{
		Connect: "connect", Connected: "connected", Arrived: "arrived", Subscribe: "subscribe", Unsubscribe: "unsubscribe",
		Done: "done", Dropped: "dropped", AuthStep: "auth step", Redirect: "redirect", Pressure: "pressure",
		WillDue: "will due", Fetch: "fetch", Disconnected: "disconnected", Ended: "ended",
	}
	outcomeNames = [...]string{Acked: "acked", Refused: "refused", NotSent: "not sent", Unknown: "unknown"}
	dropNames    = [...]string{
		DropFull: "the queue was full", DropExpired: "expired", DropTooLarge: "too large", DropNotSupported: "not supported",
		DropNotConnected: "not connected", DropConnectionLost: "connection lost", DropSessionLost: "session lost",
		DropSessionEnded: "session ended", DropGone: "gone from the log",
	}
	canceledNames = [...]string{CanceledNotSent: "not sent", CanceledSent: "sent", CanceledUnknown: "unknown"}
)

// String returns the kind in words.
func (k Kind) String() string { return nameOf(kindNames[:], int(k)) }

// String returns the outcome in words.
func (o Outcome) String() string { return nameOf(outcomeNames[:], int(o)) }

// String returns the reason in words.
func (d Drop) String() string { return nameOf(dropNames[:], int(d)) }

// String returns what Cancel has done in words.
func (c Canceled) String() string { return nameOf(canceledNames[:], int(c)) }

// String returns the kind in words.
func (k ChangeKind) String() string { return nameOf(changeNames[:], int(k)) }

// String returns the kind in words.
func (k CauseKind) String() string { return nameOf(causes[:], int(k)) }

// nameOf returns a name of a table, or "none".
func nameOf(table []string, i int) string {
	if i < len(table) && table[i] != "" {
		return table[i]
	}
	return "none"
}
