package zoomtest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/seatkit/zoom"
)

// The meetings of a company are never stored: a host's index, the number of the
// series and the number of the instance say all, and both the meeting id and the
// UUID hold these three, so that any of them is found again.

const (
	maxSeries    = 8   // per host
	maxInstances = 128 // per series
	teamSize     = 12  // people meet within their team
	meetingBase  = 81_000_000_000
	meetingSpan  = 1 << 33
	scramble     = 0x9E3779B9 // odd, so that it can be undone modulo meetingSpan
)

// A series is one meeting id with its past instances.
type series struct {
	host    int
	number  int
	kind    int // 1 instant, 2 scheduled, 3 recurring without fixed time, 8 recurring with fixed time
	topic   string
	minutes int
	latest  time.Time // start of instance 0; the others lie before it
	every   time.Duration
	count   int
	next    time.Time // the coming occurrence; zero: none
}

func (co *company) draw(host int, salt uint64) *rand.Rand {
	return rand.New(rand.NewPCG(co.seed^0xC0FFEE, uint64(host)<<16|salt))
}

// seriesOf returns the meetings of a host.
func (co *company) seriesOf(host int) []series {
	if host >= len(co.hosting) || !co.hosting[host] {
		return nil
	}
	r := co.draw(host, 1)
	n := max(0, r.IntN(7)-2) // three in seven never host
	basic := co.members[host].user.Type == zoom.TypeBasic
	if basic {
		n = min(n, 1)
	}
	list := make([]series, n)
	today := co.epoch.Truncate(24 * time.Hour)
	for k := range list {
		started := 1 + r.IntN(200)
		if co.absent[host] {
			started += 60
		}
		se := series{
			host: host, number: k, topic: pick(r, topics), minutes: pick(r, []int{15, 30, 45, 60, 90}), count: 1, every: 7 * 24 * time.Hour,
			latest: today.AddDate(0, 0, -started).Add(8*time.Hour + time.Duration(r.IntN(20))*30*time.Minute),
		}
		if basic {
			se.minutes = min(se.minutes, 40)
		}
		switch r.IntN(6) {
		case 0, 1:
			se.kind = 2
		case 2:
			se.kind = 1
		case 3:
			se.kind, se.count, se.every = 3, 1+r.IntN(4), 11*24*time.Hour+3*time.Hour
		case 4:
			se.kind, se.count = 8, 2+r.IntN(28)
			if !co.absent[host] {
				se.latest = se.latest.AddDate(0, 0, 7*((started-1)/7)) // still going on
				se.next = se.latest.AddDate(0, 0, 7)
			}
		case 5:
			se.kind, se.count = 2, 0
			se.next = today.AddDate(0, 0, 1+r.IntN(30)).Add(9 * time.Hour)
			if r.IntN(8) == 0 && !co.absent[host] { // in progress when the company was made
				se.count, se.minutes, se.latest = 1, 60, co.epoch.Add(-20*time.Minute)
			}
		}
		list[k] = se
	}
	return list
}

func (se *series) occasion(co *company, number int) occasion {
	start := se.latest.Add(-time.Duration(number) * se.every)
	return occasion{host: co.members[se.host], series: *se, number: number, start: start, end: start.Add(time.Duration(se.minutes) * time.Minute)}
}

func (se *series) meetingID() int64 {
	x := uint64(se.host*maxSeries + se.number)
	return meetingBase + int64(x*scramble%meetingSpan)
}

// seriesByID undoes meetingID.
func (co *company) seriesByID(id int64) (series, bool) {
	x := id - meetingBase
	if x < 0 || x >= meetingSpan {
		return series{}, false
	}
	inverse := uint64(scramble) // Newton: each step doubles the bits that fit
	for range 5 {
		inverse *= 2 - scramble*inverse
	}
	n := uint64(x) * inverse % meetingSpan
	return co.seriesAt(int(n/maxSeries), int(n%maxSeries))
}

func (co *company) seriesAt(host, number int) (series, bool) {
	if host >= len(co.members) {
		return series{}, false
	}
	list := co.seriesOf(host)
	if number >= len(list) {
		return series{}, false
	}
	return list[number], true
}

// uuid writes where an instance is found. Some begin with a slash or with two, as
// in life.
func (co *company) uuid(host, number, instance int) string {
	place := uint64(host)<<16 | uint64(number)<<8 | uint64(instance)
	var raw [16]byte
	noise := co.draw(host, 1<<8|uint64(number)<<7|uint64(instance)).Uint64()
	switch place % 7 {
	case 1:
		noise |= 0xFC << 56 // "/"
	case 4:
		noise |= 0xFFF << 52 // "//"
	}
	binary.BigEndian.PutUint64(raw[:8], noise)
	binary.BigEndian.PutUint64(raw[8:], place^co.mask(noise))
	return base64.StdEncoding.EncodeToString(raw[:])
}

func (co *company) mask(noise uint64) uint64 { return rand.NewPCG(co.seed, noise).Uint64() }

// byUUID undoes uuid.
func (co *company) byUUID(uuid string) (occasion, bool) {
	raw, err := base64.StdEncoding.DecodeString(uuid)
	if err != nil || len(raw) != 16 {
		return occasion{}, false
	}
	place := binary.BigEndian.Uint64(raw[8:]) ^ co.mask(binary.BigEndian.Uint64(raw[:8]))
	if place>>16 >= uint64(len(co.members)) {
		return occasion{}, false
	}
	se, known := co.seriesAt(int(place>>16), int(place>>8&0xFF))
	number := int(place & 0xFF)
	if !known || number >= se.count || co.uuid(se.host, se.number, number) != uuid {
		return occasion{}, false
	}
	return se.occasion(co, number), true
}

// attendance says who was there: a bit for each place in the host's team, and how
// many guests. One meeting in six has nobody but its host.
func (co *company) attendance(o *occasion) (mates uint16, guests int) {
	x := rand.NewPCG(co.seed^0xA77E, uint64(o.series.host)<<16|uint64(o.series.number)<<8|uint64(o.number)).Uint64()
	if x%6 == 0 {
		return 0, 0
	}
	team := o.series.host / teamSize * teamSize
	mates = uint16(x>>8) & uint16(x>>24) & (1<<teamSize - 1)
	for slot := range teamSize {
		if i := team + slot; i == o.series.host || i >= len(co.members) || co.absent[i] {
			mates &^= 1 << slot
		}
	}
	return mates, int(x >> 40 % 3)
}

// people counts the different participants.
func (co *company) people(o *occasion) int {
	mates, guests := co.attendance(o)
	return 1 + bits.OnesCount16(mates) + guests
}

// participants makes the rows of an instance: late arrivals, people who leave and
// come back, guests, and a guest in the waiting room.
func (co *company) participants(o *occasion) []zoom.Participant {
	mates, guests := co.attendance(o)
	r := co.draw(o.series.host, 1<<9|uint64(o.series.number)<<7|uint64(o.number))
	var rows []zoom.Participant
	stay := func(who zoom.Participant, from, to time.Time, status zoom.ParticipantStatus) {
		who.UserID = strconv.Itoa(16_778_240 + r.IntN(9_000_000)*4 + len(rows)%4)
		who.JoinTime, who.LeaveTime = zoom.NewTime(from), zoom.NewTime(to)
		who.Duration = int(to.Sub(from) / time.Second)
		who.Status = status
		rows = append(rows, who)
	}
	length := o.end.Sub(o.start)
	come := func(who zoom.Participant, late time.Duration) {
		from := o.start.Add(late)
		if r.IntN(8) == 0 { // leaves and comes back
			stay(who, from, o.start.Add(length/2), zoom.ParticipantInMeeting)
			from = o.start.Add(length/2 + 30*time.Second)
		}
		stay(who, from, o.end, zoom.ParticipantInMeeting)
	}
	come(insider(&o.host.user), 0)
	team := o.series.host / teamSize * teamSize
	for slot := range teamSize {
		if mates&(1<<slot) != 0 {
			come(insider(&co.members[team+slot].user), time.Duration(r.IntN(200))*time.Second)
		}
	}
	for g := range guests {
		guest := zoom.Participant{Name: fmt.Sprintf("Guest %d", g+1)}
		if g == 0 {
			stay(guest, o.start, o.start.Add(45*time.Second), zoom.ParticipantInWaitingRoom)
		}
		come(guest, time.Minute)
	}
	return rows
}

func insider(u *zoom.User) zoom.Participant {
	return zoom.Participant{ID: u.ID, ParticipantUserID: u.ID, Name: or(u.DisplayName, displayName(u)), UserEmail: u.Email}
}

var topics = []string{"Weekly", "One on one", "Customer call", "Design review", "All hands", "Interview", "Stand-up", "Quarterly planning"}
