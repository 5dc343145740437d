package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/mqttwire/mqttwire"
)

// versionNumber is a version of MQTT.
type versionNumber = mqttwire.Version

// What flags that are one of a few may be.
var (
	colorChoices   = []string{"auto", "always", "never"}
	timeChoices    = []string{timeUTC, timeLocal, timeStart, timeDelta}
	versionChoices = []string{"3.1", "3.1.1", "5"}
)

// choiceValue is a flag that is one of a few words.
type choiceValue struct {
	to      *string
	choices []string
}

func (v *choiceValue) String() string { return *v.to }
func (v *choiceValue) Type() string   { return strings.Join(v.choices, "|") }

func (v *choiceValue) Set(s string) error {
	if !slices.Contains(v.choices, s) {
		return errors.New("it is one of " + strings.Join(v.choices, ", "))
	}
	*v.to = s
	return nil
}

// versionValue is a flag that is a version.
type versionValue struct{ to *mqttwire.Version }

func (v *versionValue) Type() string { return "version" }

func (v *versionValue) String() string {
	if *v.to == 0 {
		return ""
	}
	return v.to.String()
}

func (v *versionValue) Set(s string) (err error) {
	*v.to, err = parseVersion(s)
	return err
}

// parseVersion reads a version by its name or its protocol level.
func parseVersion(s string) (mqttwire.Version, error) {
	switch s {
	case "3", "3.1":
		return mqttwire.V31, nil
	case "4", "3.1.1":
		return mqttwire.V311, nil
	case "5", "5.0":
		return mqttwire.V5, nil
	}
	return 0, errors.New("it is one of " + strings.Join(versionChoices, ", "))
}
