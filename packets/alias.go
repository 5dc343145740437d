package packets

// aliases are the topic aliases of one direction of a connection, and the topic
// names they stand for. They end with the connection. [MQTT-3.3.2-7] Section
// 3.3.2.3.4.
type aliases map[uint16][]byte

// set lets the alias stand for the topic name, which is copied; the memory of
// the name before is used again. U-3.3.4-3
func (a *aliases) set(alias uint16, topic []byte) {
	if *a == nil {
		*a = make(aliases)
	}
	(*a)[alias] = append((*a)[alias][:0], topic...)
}

// known reports whether the alias has been set.
func (a aliases) known(alias uint16) bool { return len(a[alias]) > 0 }
