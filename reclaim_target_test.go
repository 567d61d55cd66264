package zoom_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatkit/zoom"
	"github.com/seatkit/zoom/zoomtest"
)

// What a read may answer when u1, ann@example.com, was asked for.
const (
	annLicensed = `{"id":"u1","email":"Ann@Example.com","type":2,"status":"active","role_id":"2"}`
	annBasic    = `{"id":"u1","email":"ann@example.com","type":1,"status":"active","role_id":"2"}`
	annInactive = `{"id":"u1","email":"ann@example.com","type":2,"status":"inactive","role_id":"2"}`
	annOwner    = `{"id":"u1","email":"ann@example.com","type":2,"status":"active","role_id":"0"}`
	annAdmin    = `{"id":"u1","email":"ann@example.com","type":2,"status":"active","role_id":"1"}`
	annNoID     = `{"email":"ann@example.com","type":1,"status":"pending"}`
	bobLicensed = `{"id":"u9","email":"bob@example.com","type":2,"status":"active","role_id":"2"}`
	bobInactive = `{"id":"u9","email":"bob@example.com","type":1,"status":"inactive","role_id":"2"}`
	bobNoID     = `{"email":"bob@example.com","type":1,"status":"pending"}`
	annIsBob    = `{"id":"u9","email":"ann@example.com","type":1,"status":"inactive","role_id":"2"}` // the address went to somebody else
	noAddress   = `{"id":"u9","type":2,"status":"active","role_id":"2"}`
)

func TestFaultBR28AnAnswerAboutSomebodyElseIsNotBelieved(t *testing.T) {
	const deactivate, downgrade = zoom.ReclaimDeactivate, zoom.ReclaimDowngrade
	notPaid := refusal(400, 1109, "Host is not a paid user.")
	for _, tc := range []struct {
		name    string
		asked   string // id or address
		method  zoom.ReclaimMethod
		answers []answer
		want    string // requests
		is      error
		outcome zoom.ReclaimOutcome
	}{
		{"by address, another person", "ann@example.com", deactivate, []answer{ok(bobLicensed)}, "GET", zoom.ErrBadResponse, 0},
		{"by address, nobody's address", "ann@example.com", deactivate, []answer{ok(noAddress)}, "GET", zoom.ErrBadResponse, 0},
		{"by address, another invitation", "ann@example.com", deactivate, []answer{ok(bobNoID)}, "GET", zoom.ErrBadResponse, 0},
		{"by address, own invitation", "ann@example.com", deactivate, []answer{ok(annNoID)}, "GET", zoom.ErrProtected, zoom.OutcomeProtected},
		{"by address in another case", "ANN@example.com", deactivate, []answer{ok(annLicensed), noReply, ok(annInactive)}, "GET PUT GET", nil, zoom.OutcomeReclaimed},
		{"by id, another id", "u1", deactivate, []answer{ok(bobLicensed)}, "GET", zoom.ErrBadResponse, 0},
		{"by id, own address at another id", "u1", deactivate, []answer{ok(annIsBob)}, "GET", zoom.ErrBadResponse, 0},
		{"read back without an id", "u1", downgrade, []answer{ok(annLicensed), noReply, ok(annNoID)}, "GET PATCH GET", zoom.ErrOutcomeUnknown, 0},
		{"read back, another invitation", "u1", downgrade, []answer{ok(annLicensed), noReply, ok(bobNoID)}, "GET PATCH GET", zoom.ErrOutcomeUnknown, 0},
		{"read back at another id, asked by address", "ann@example.com", deactivate, []answer{ok(annLicensed), noReply, ok(annIsBob)}, "GET PUT GET", zoom.ErrOutcomeUnknown, 0},
		{"after a lost answer, somebody else", "u1", deactivate, []answer{ok(annLicensed), lost, ok(bobInactive)}, "GET PUT GET", zoom.ErrOutcomeUnknown, 0},
		{"after a lost answer, without an id", "u1", downgrade, []answer{ok(annLicensed), lost, ok(annNoID)}, "GET PATCH GET", zoom.ErrOutcomeUnknown, 0},
		{"1109, nothing held", "u1", downgrade, []answer{ok(annLicensed), notPaid, ok(annBasic)}, "GET PATCH GET", nil, zoom.OutcomeAlreadyReclaimed},
		{"1109, still licensed", "u1", downgrade, []answer{ok(annLicensed), notPaid, ok(annLicensed)}, "GET PATCH GET", errCode(1109), 0},
		{"1109 on a deactivation, still active", "u1", deactivate, []answer{ok(annLicensed), notPaid, ok(annLicensed)}, "GET PUT GET", errCode(1109), 0},
		{"1109 on a deactivation, inactive", "u1", deactivate, []answer{ok(annLicensed), notPaid, ok(annInactive)}, "GET PUT GET", nil, zoom.OutcomeAlreadyReclaimed},
		{"1109, somebody else", "u1", deactivate, []answer{ok(annLicensed), notPaid, ok(bobInactive)}, "GET PUT GET", errCode(1109), 0},
		{"1109, cannot be read", "u1", deactivate, []answer{ok(annLicensed), notPaid, refusal(403, 0, "no")}, "GET PUT GET", errCode(1109), 0},
		{"owner since the lost write", "u1", downgrade, []answer{ok(annLicensed), lost, ok(annOwner)}, "GET PATCH GET", zoom.ErrProtected, 0},
		{"admin since the lost write", "u1", deactivate, []answer{ok(annLicensed), lost, ok(annAdmin)}, "GET PUT GET", zoom.ErrProtected, 0},
		{"owner after the second lost write", "u1", deactivate, []answer{ok(annLicensed), lost, ok(annLicensed), lost, ok(annOwner)}, "GET PUT GET PUT GET", zoom.ErrProtected, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tp := idleTape(tc.answers...)
				result, err := tp.client(t).Users.Reclaim(t.Context(), tc.asked, tc.method, nil)
				var code errCode
				switch {
				case tc.is == nil:
					require.NoError(t, err)
				case errors.As(tc.is, &code):
					assert.Equal(t, int(code), asError(t, err).Code)
					require.NotErrorIs(t, err, zoom.ErrOutcomeUnknown)
				default:
					require.ErrorIs(t, err, tc.is)
				}
				assert.Equal(t, strings.Contains(tc.name, "lost") || errors.Is(tc.is, zoom.ErrOutcomeUnknown), errors.Is(err, zoom.ErrOutcomeUnknown), "%v", err)
				assert.Equal(t, tc.outcome, result.Outcome)
				assert.Equal(t, tc.want, methodsAsked(tp))
				for _, r := range tp.requests() {
					if r.method != http.MethodGet {
						assert.Contains(t, r.path, "/users/u1", "writes go to the id that was read")
					}
				}
			})
		})
	}
}

// errCode stands for an error that has Zoom's code.
type errCode int

func (c errCode) Error() string { return fmt.Sprint("code ", int(c)) }

// SetStatus and Update read the user only after a lost answer, and by id alone: under an
// address the read may show another holder of it than the one who was written to.
func TestFaultBR28WritesByAddress(t *testing.T) {
	update := func(t *testing.T, c *zoom.Client, id string) error {
		return c.Users.Update(t.Context(), id, &zoom.UserUpdate{Type: zoom.TypeBasic})
	}
	deactivated := func(t *testing.T, c *zoom.Client, id string) error { return c.Users.Deactivate(t.Context(), id) }
	for _, tc := range []struct {
		name    string
		write   func(*testing.T, *zoom.Client, string) error
		asked   string
		answers []answer
		want    string // methods and paths
		known   bool
	}{
		{"update, shown", update, "ann@example.com", []answer{lost, ok(annBasic)}, "PATCH ann%40example.com", false},
		{"update, somebody else shown", update, "ann@example.com", []answer{lost, ok(bobInactive)}, "PATCH ann%40example.com", false},
		{"update, invitation of somebody else", update, "ann@example.com", []answer{lost, ok(bobNoID)}, "PATCH ann%40example.com", false},
		{"update, not made", update, "ann@example.com", []answer{lost, ok(annLicensed), noReply}, "PATCH ann%40example.com", false},
		{"update by id, made at the second try", update, "u1", []answer{lost, ok(annLicensed), noReply}, "PATCH u1, GET u1, PATCH u1", true},
		{"update by id, then somebody else shown", update, "u1", []answer{lost, ok(annLicensed), lost, ok(annIsBob)}, "PATCH u1, GET u1, PATCH u1, GET u1", false},
		{"status, the address goes to somebody else", deactivated, "bob@example.com", []answer{lost, ok(bobLicensed), noReply}, "PUT bob%40example.com/status", false},
		{"update by id, no id comes back", update, "u1", []answer{lost, ok(annNoID)}, "PATCH u1, GET u1", false},
		{"status, shown", deactivated, "ANN@EXAMPLE.COM", []answer{lost, ok(annInactive)}, "PUT ANN%40EXAMPLE.COM/status", false},
		{"status, somebody else shown", deactivated, "ann@example.com", []answer{lost, ok(annIsBob + " ")}, "PUT ann%40example.com/status", false},
		{"status by id, somebody else shown", deactivated, "u1", []answer{lost, ok(annIsBob)}, "PUT u1/status, GET u1", false},
		{"update of me", update, "me", []answer{lost, ok(annLicensed), lost, ok(bobInactive)}, "PATCH me, GET me, PATCH me, GET me", false},
		{"update of me, shown", update, "me", []answer{lost, ok(annLicensed), lost, ok(annBasic)}, "PATCH me, GET me, PATCH me, GET me", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tp := newTape(tc.answers...)
				err := tc.write(t, tp.client(t), tc.asked)
				if tc.known {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
				}
				var asked []string
				for _, r := range tp.requests() {
					asked = append(asked, r.method+" "+strings.TrimPrefix(r.path, "/v2/users/"))
				}
				assert.Equal(t, tc.want, strings.Join(asked, ", "))
			})
		})
	}
}

// roundTrip is a RoundTripper made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// The address goes to another user while a write to it is on its way, and that user is in
// the wanted state: under the address it looks made, by id it does not.
func TestFaultBR28AddressChangesHands(t *testing.T) {
	for _, asked := range []string{"address", "id"} {
		t.Run("BR28 by "+asked, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := zoomtest.NewServer()
				ann := srv.AddUser(zoom.User{Email: "ann@example.com", Type: zoom.TypeLicensed})
				srv.Inject(zoomtest.Fault{Method: "PUT", Reset: true}) // not applied
				moved := false
				wire := roundTrip(func(req *http.Request) (*http.Response, error) {
					res, err := srv.RoundTripper().RoundTrip(req)
					if req.Method == http.MethodPut && !moved {
						moved = true
						srv.UpdateUser(ann.ID, func(u *zoom.User) { u.Email = "ann.old@example.com" })
						srv.AddUser(zoom.User{Email: "ann@example.com", Type: zoom.TypeBasic, Status: zoom.StatusInactive})
					}
					return res, err
				})
				c := srv.Client(zoom.WithHTTPClient(&http.Client{Transport: wire}))
				user := ann.ID
				if asked == "address" {
					user = ann.Email
				}
				err := c.Users.Deactivate(t.Context(), user)
				now, _ := srv.User(ann.ID)
				if asked == "address" {
					require.ErrorIs(t, err, zoom.ErrOutcomeUnknown)
					assert.Equal(t, zoom.StatusActive, now.Status)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, zoom.StatusInactive, now.Status, "read by id and sent again")
			})
		})
	}
}

// Whatever Zoom answers, in any order: a write goes to the person whom the first read
// showed under the id or the address that was asked for, and follows a read that shows
// that person, not protected; "reclaimed" and "already" follow a read that shows it.
func TestFaultBR28OverRandomAnswers(t *testing.T) {
	reads := []string{annLicensed, annLicensed, annLicensed, annBasic, annInactive, annOwner, annAdmin, annNoID, bobLicensed, bobInactive, bobNoID, annIsBob, noAddress}
	writes := []answer{
		noReply,
		lost,
		{status: 502},
		{status: 202},
		{status: 200, body: `{"id":"u1","code":124}`},
		refusal(400, 1109, "Host is not a paid user."),
		refusal(404, 1001, "User does not exist."),
		refusal(400, 200, "x"),
		{status: 403},
	}
	for seed := range uint64(600) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 28))
			asked := []string{"u1", "ann@example.com"}[rng.IntN(2)]
			target, last := "", zoom.User{}
			about := func() bool { return target != "" && last.ID == target }
			tp := idleTape(answer{do: func(r *http.Request) answer {
				if r.Method == http.MethodGet {
					if rng.IntN(12) == 0 {
						return refusal(403, 0, "no")
					}
					body := reads[rng.IntN(len(reads))]
					last = zoom.User{}
					require.NoError(t, json.Unmarshal([]byte(body), &last))
					if target == "" && (last.ID == asked || strings.EqualFold(last.Email, asked)) {
						target = last.ID
					}
					return ok(body)
				}
				require.True(t, about() && last.RoleID == zoom.RoleMember, "seed %d: written after %+v", seed, last)
				require.Contains(t, r.URL.Path, "/users/"+target, "seed %d", seed)
				return writes[rng.IntN(len(writes))]
			}})
			method := zoom.ReclaimMethod(1 + rng.IntN(2))
			result, err := tp.client(t, once).Users.Reclaim(t.Context(), asked, method, nil)
			switch result.Outcome {
			case zoom.OutcomeReclaimed, zoom.OutcomeAlreadyReclaimed:
				require.NoError(t, err)
				require.True(t, about(), "seed %d: %+v", seed, last)
				require.True(t, last.Status == zoom.StatusInactive || last.Type == zoom.TypeBasic, "seed %d: %+v", seed, last)
			case zoom.OutcomeProtected:
				require.ErrorIs(t, err, zoom.ErrProtected)
			default:
				require.Error(t, err, "seed %d", seed)
			}
		})
	}
}
