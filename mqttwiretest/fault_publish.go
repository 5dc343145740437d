package mqttwiretest

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// publishFaults are faults of PUBLISH that are not about one text or one
// property.
var publishFaults = []Fault{
	{"QoS over 2", mqttwire.RuleQoS, func(f *faulty) bool {
		p, ok := as[*packets.Publish](f)
		if ok {
			p.QoS, p.PacketID = among(f, mqttwire.QoS(3), 4, 255), 1
		}
		return ok
	}},
	{"DUP with QoS 0", mqttwire.RuleDup, func(f *faulty) bool {
		p, ok := as[*packets.Publish](f)
		if ok = ok && f.version != mqttwire.V31; ok {
			p.QoS, p.Dup = 0, true
		}
		return ok
	}},
	{"neither topic name nor alias", mqttwire.RuleTopicOrAlias, func(f *faulty) bool {
		p, ok := as[*packets.Publish](f)
		if ok = ok && f.version == mqttwire.V5; ok {
			p.Topic = nil
			p.Properties.Remove(mqttwire.TopicAlias)
		}
		return ok
	}},
	{"no topic name before 5.0", mqttwire.RuleTopicEmpty, func(f *faulty) bool {
		p, ok := as[*packets.Publish](f)
		if ok = ok && f.version != mqttwire.V5; ok {
			p.Topic = nil
			p.Properties.SetTopicAlias(1)
		}
		return ok
	}},
}
