package packets

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal"
)

// wire is what package mqttwire has for this package and for nobody else: above
// all the Judge, which hears of broken rules. It is used as a package is.
var wire = mqttwire.Internal.Export(&internal.AllowInternalUse)
