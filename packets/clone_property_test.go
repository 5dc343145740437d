package packets_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
)

func TestAGeneratedPacketAndItsCloneShareNoMemory(t *testing.T) {
	checkGenerated(t, 12, func(check *rapid.T, g generated) {
		p, memory := g.decode(check)
		clone := cloneOf(t, p)
		requireSame(check, p, clone)
		overwrite(memory)
		requireSame(check, g.packet, clone)

		p, _ = g.decode(check)
		overwriteFields(reflect.ValueOf(cloneOf(t, p)))
		requireSame(check, g.packet, p)
	})
}

func overwrite(b []byte) {
	for i := range b {
		b[i] ^= 0xFF
	}
}

// overwriteFields overwrites all the memory that the exported slices of a packet
// show, and its property lists.
func overwriteFields(v reflect.Value) {
	if list, ok := v.Interface().(mqttwire.Properties); ok {
		overwrite(list.Bytes())
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			overwriteFields(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			overwriteFields(v.Field(i))
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			overwrite(v.Bytes())
			return
		}
		for i := range v.Len() {
			overwriteFields(v.Index(i))
		}
	}
}
