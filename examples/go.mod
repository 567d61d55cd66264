module github.com/seatkit/zoom/examples

go 1.26.0

require (
	github.com/seatkit/zoom v0.0.0
	github.com/stretchr/testify v1.12.1
)

replace github.com/seatkit/zoom => ../
