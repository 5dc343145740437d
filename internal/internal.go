// Package internal holds the key to what package mqttwire exports for the other
// packages of this module, and for nobody else.
package internal

// NotForPublicUse is the type of the key. Only packages below the root of this
// module can import it, so only they can call mqttwire.Internal.Export.
type NotForPublicUse struct{}

// AllowInternalUse is the key.
var AllowInternalUse NotForPublicUse
