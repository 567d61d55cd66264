package zoom_test

import "flag"

// long is set by .ci/run.
var long = flag.Bool("zoom.long", false, "run the long forms: a listing up to the cap of pages, a larger account")
