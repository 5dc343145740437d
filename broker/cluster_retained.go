package broker

// brought are the retained messages that the engine has brought for a new incarnation, and
// since then.
type brought struct {
	token  uint64 // of the Renew
	topics map[topicKey]struct{}
}

// brings notes that the engine has brought a retained message. One Renew may have begun an
// incarnation though its answer was lost, so that it is told by the Token which belong
// together, and not by the answer.
func (e *engine) brings(d *Delivery) {
	if d.Token != 0 && (e.brought == nil || e.brought.token != d.Token) {
		e.brought = &brought{d.Token, map[topicKey]struct{}{}}
	}
	if e.brought != nil {
		e.brought.topics[topicKey{d.Namespace, string(d.Message.Topic())}] = struct{}{}
	}
}

// hasBrought is that the lease was renewed. In a new incarnation the engine has brought all
// retained messages: what it has not was deleted while the node heard of nothing.
func (e *engine) hasBrought(t *turn, again bool) {
	e.logs.arriving.Lock()
	defer e.logs.arriving.Unlock()
	if again {
		for sp := range e.b.all() {
			for _, k := range sp.retained.names.All() {
				e.forgets(t, k)
			}
		}
	}
	e.brought = nil
}

// forgets deletes a retained message that was not brought.
func (e *engine) forgets(t *turn, k *kept) {
	if e.isOwn(k.message.Topic()) {
		return
	}
	if e.brought != nil {
		if _, has := e.brought.topics[topicKey{k.space.name, string(k.message.Topic())}]; has {
			return
		}
	}
	k.remove(t)
}
