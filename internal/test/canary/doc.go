// Package canary finds secrets in what a program prints. [New] makes a set of
// secrets that exist nowhere else; a test plants them wherever a secret can be
// (headers, forms, queries, bodies, addresses, what a server echoes), drives an
// error out of the code, and hands it to a [Scanner], which prints it in every
// way that a caller or a log could and looks for each secret in every form that
// it can take.
//
//	secrets := canary.New()
//	scanner := canary.NewScanner(secrets.List()...)
//	… // a call that fails, with the secrets planted
//	hits := scanner.Error("token endpoint echoes the form", err)
//
// It is for tests, knows nothing of the packages that it tests, and holds no
// secret of anybody's: the values are computed from their names.
package canary
