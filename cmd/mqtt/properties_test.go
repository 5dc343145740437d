package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPropertiesInTheFormOfMosquittoBecomeOneArgument(t *testing.T) {
	for args, want := range map[string]string{
		"pub -D publish content-type text/plain -t a":       "pub|-D|publish.content-type=text/plain|-t|a",
		"pub -D publish user-property k v -t a":             "pub|-D|publish.user-property=k=v|-t|a",
		"pub --property will user-property k v":             "pub|--property|will.user-property=k=v",
		"pub -D publish.content-type=x -D publish.y=z -t a": "pub|-D|publish.content-type=x|-D|publish.y=z|-t|a",
		"pub -D publish content-type":                       "pub|-D|publish|content-type",
		"pub -D publish user-property k":                    "pub|-D|publish.user-property=k",
		"pub -D":                                            "pub|-D",
		"pub -- -D publish content-type x":                  "pub|--|-D|publish|content-type|x",
	} {
		assert.Equal(t, want, strings.Join(joinProperties(strings.Fields(args)), "|"), args)
	}
}
