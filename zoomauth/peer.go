package zoomauth

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// isOfAnotherUser reports that a request to a loopback address comes from a program of
// another user of this machine. Linux tells whose a connection is. What cannot be known is
// not refused, and root may do what it likes.
func isOfAnotherUser(r *http.Request, local net.Addr) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	to, err := netip.ParseAddrPort(local.String())
	if err != nil {
		return false
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		file, err := os.Open(table) //nolint:gosec // a fixed name
		if err != nil {
			continue
		}
		uid, found := ownerOf(file, from, to)
		_ = file.Close()
		if found {
			return uid != 0 && uid != os.Getuid()
		}
	}
	return false
}

// ownerOf finds the user of a connection in a table of the kernel: its columns are a
// number, the two addresses, six that do not matter, and the user.
func ownerOf(table io.Reader, from, to netip.AddrPort) (uid int, found bool) {
	const most = 4 << 20 // bytes of a table
	lines := bufio.NewScanner(io.LimitReader(table, most))
	for lines.Scan() {
		columns := strings.Fields(lines.Text())
		if len(columns) < 8 || tableAddr(columns[1]) != unmapped(from) || tableAddr(columns[2]) != unmapped(to) {
			continue
		}
		uid, err := strconv.Atoi(columns[7])
		return uid, err == nil
	}
	return 0, false
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// tableAddr reads an address as the kernel writes it: words of 32 bits in the order of the
// machine, and the port.
func tableAddr(text string) netip.AddrPort {
	host, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	number, portErr := strconv.ParseUint(port, 16, 16)
	if err != nil || portErr != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}
	}
	for word := raw; len(word) > 0; word = word[4:] {
		binary.BigEndian.PutUint32(word, binary.NativeEndian.Uint32(word))
	}
	addr, ok := netip.AddrFromSlice(raw)
	if !ok {
		return netip.AddrPort{}
	}
	return unmapped(netip.AddrPortFrom(addr, uint16(number)))
}
