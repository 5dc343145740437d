package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mqttwire/mqttwire"
)

// propertyHelp says how -D is written.
const propertyHelp = "a `PROPERTY` of MQTT 5.0, as packet.name=value: publish.content-type=text/plain, " +
	"publish.user-property=key=value, connect.session-expiry-interval=60, will.will-delay-interval=5; " +
	"or as mosquitto has it: -D publish content-type text/plain"

// propertyOwners are the packets that -D knows.
var propertyOwners = map[string]mqttwire.PropertyOwner{
	"connect": mqttwire.PropertyOwner(mqttwire.CONNECT),
	"publish": mqttwire.PropertyOwner(mqttwire.PUBLISH),
	"will":    mqttwire.WillProperties,
}

// joinProperties makes one argument of those that mosquitto has for a property: packet,
// name, value, and for a user property name and value.
func joinProperties(args []string) (joined []string) {
	for i := 0; i < len(args); i++ {
		joined = append(joined, args[i])
		if args[i] == "--" {
			return append(joined, args[i+1:]...)
		}
		if args[i] != "-D" && args[i] != "--property" || i+3 >= len(args) || strings.ContainsAny(args[i+1], ".=") {
			continue
		}
		parts := 3
		if args[i+2] == "user-property" {
			parts = min(4, len(args)-i-1)
		}
		joined = append(joined, args[i+1]+"."+strings.Join(args[i+2:i+1+parts], "="))
		i += parts
	}
	return joined
}

// properties are those of the packets that -D has named.
type properties map[mqttwire.PropertyOwner]*mqttwire.Properties

// parseProperties reads the values of -D.
func parseProperties(list []string) (properties, error) {
	found := properties{}
	for _, owner := range propertyOwners {
		found[owner] = new(mqttwire.Properties)
	}
	for _, text := range list {
		name, value, ok := strings.Cut(text, "=")
		packet, property, dotted := strings.Cut(name, ".")
		owner, known := propertyOwners[packet]
		if !ok || !dotted || !known {
			return nil, fmt.Errorf("-D %s: it has the form packet.name=value, and packet is connect, publish or will", text)
		}
		id, ok := propertyNamed(property, owner)
		if !ok {
			return nil, fmt.Errorf("-D %s: no property of %s has this name; there are %s", text, packet, strings.Join(propertyNames(owner), ", "))
		}
		if err := setProperty(found[owner], id, value); err != nil {
			return nil, fmt.Errorf("-D %s: %w", text, err)
		}
	}
	return found, nil
}

// setProperty sets a property to a value that is written as text.
func setProperty(p *mqttwire.Properties, id mqttwire.PropertyID, value string) error {
	switch {
	case id == mqttwire.UserProperty:
		name, value, ok := strings.Cut(value, "=")
		if !ok {
			return fmt.Errorf("a user property has the form name=value")
		}
		p.AddUser([]byte(name), []byte(value))
	case (mqttwire.Property{ID: id}).IsNumber():
		n, err := strconv.ParseUint(value, 10, 32)
		if on, notBool := strconv.ParseBool(value); err != nil && notBool == nil {
			n, err = 0, nil
			if on {
				n = 1
			}
		}
		if err != nil {
			return fmt.Errorf("the value is a number")
		}
		p.Set(id, uint32(n))
	default:
		p.Set(id, value)
	}
	return p.Err()
}

// propertyName returns the name of a property as it is written here.
func propertyName(id mqttwire.PropertyID) string {
	return strings.ReplaceAll(strings.ToLower(id.String()), " ", "-")
}

// propertyNamed returns the property that a packet may have under a name.
func propertyNamed(name string, owner mqttwire.PropertyOwner) (mqttwire.PropertyID, bool) {
	for id := range mqttwire.PropertyID(128) {
		if settable(id, owner) && propertyName(id) == name {
			return id, true
		}
	}
	return 0, false
}

// propertyNames returns the names of the properties that a packet may have.
func propertyNames(owner mqttwire.PropertyOwner) (names []string) {
	for id := range mqttwire.PropertyID(128) {
		if settable(id, owner) {
			names = append(names, propertyName(id))
		}
	}
	slices.Sort(names)
	return names
}

// settable reports whether a property is the user's: topic aliases are the client's
// affair, and only a server names subscriptions.
func settable(id mqttwire.PropertyID, owner mqttwire.PropertyOwner) bool {
	return id.AllowedIn(owner) && id != mqttwire.TopicAlias && id != mqttwire.SubscriptionIdentifier
}
