package packets

import "github.com/mqttwire/mqttwire"

// CheckSuback returns an *mqttwire.Error if answer is not one to request, both of
// version v: another packet identifier [MQTT-3.8.4-2], or another number of reason
// codes than the request has topic filters [MQTT-3.8.4-6] (3.1.1: [MQTT-3.8.4-5]).
// If it returns nil, answer.ReasonCodes[i] is about request.Subscriptions[i], for
// every i of either. The error has no offset.
func CheckSuback(request *Subscribe, answer *Suback, v mqttwire.Version) error {
	err := checkAnswer(answer, answer.PacketID, request.PacketID, v)
	if err == nil && len(answer.ReasonCodes) != len(request.Subscriptions) {
		err = wrongCodes(answer, len(answer.ReasonCodes), v)
	}
	return err
}

// CheckUnsuback is CheckSuback for the answer to an UNSUBSCRIBE: [MQTT-3.10.4-5]
// (3.1.1: [MQTT-3.10.4-4]), and [MQTT-3.11.3-1] for the number of reason codes.
// Before 5.0 there are none, and then answer.ReasonCodes is not looked at.
func CheckUnsuback(request *Unsubscribe, answer *Unsuback, v mqttwire.Version) error {
	err := checkAnswer(answer, answer.PacketID, request.PacketID, v)
	if err == nil && v == mqttwire.V5 && len(answer.ReasonCodes) != len(request.Filters) {
		err = wrongCodes(answer, len(answer.ReasonCodes), v)
	}
	return err
}

// checkAnswer checks what every answer has of its request.
func checkAnswer(answer mqttwire.Packet, id, want uint16, v mqttwire.Version) error {
	switch {
	case !v.Known():
		return mqttwire.NewError(mqttwire.RuleVersion, answer.Type(), v, mqttwire.FieldVersion, mqttwire.NoOffset, int64(v))
	case id != want:
		return mqttwire.NewError(mqttwire.RuleAnswerPacketID, answer.Type(), v, mqttwire.FieldPacketID, mqttwire.NoOffset, int64(id))
	}
	return nil
}

// wrongCodes is the error for an answer that has n reason codes and should not.
func wrongCodes(answer mqttwire.Packet, n int, v mqttwire.Version) error {
	return mqttwire.NewError(mqttwire.RuleAnswerCodes, answer.Type(), v, mqttwire.FieldReasonCode, mqttwire.NoOffset, int64(n))
}
