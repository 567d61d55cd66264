// Package storm holds the seeded storm tests: listings and writes of random size
// under random mixes of every fault that the fake can make. Each run must end
// with exactly what the account holds, or in a typed error from which the listing
// goes on; a write must be made at most three times, and what the client says of
// it must be so.
//
//	go test ./internal/test/storm                             200 runs each
//	go test ./internal/test/storm -storm.runs=100000          as many as it takes
//	go test ./internal/test/storm -storm.runs=1 -storm.seed=7 one run again
package storm
