package zoomtest

import (
	"net/http"
	"strings"
)

// accountPath stands before the paths that an approved partner calls for a
// sub-account. The fake has no sub-accounts: its own account stands for one.
const accountPath = "/accounts/{accountId}"

// withAccounts adds to the routes those that exist under an account as well.
func withAccounts(own []*route) []*route {
	all := own
	for _, r := range own {
		if r.open || !underAccounts(r.path) {
			continue
		}
		under := *r
		under.path, under.plain = accountPath+r.path, r.path
		under.scopes = masterScopes(r)
		under.fine = r.fine + 1
		under.handle = func(c *call) *answer {
			if refusal := c.accountParam(); refusal != nil {
				return refusal
			}
			c.params = c.params[1:]
			return r.handle(c)
		}
		all = append(all, &under)
	}
	return all
}

func underAccounts(path string) bool {
	for _, prefix := range []string{"/users", "/report/", "/past_meetings/"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// masterScopes are the scopes of a route and those of a primary account: a classic
// one and a granular one, which is the last, so that refusals name it. Zoom takes
// only these two; the ordinary ones are taken besides, so that a test needs no
// other token for the other paths.
func masterScopes(r *route) []string {
	resource, _, _ := strings.Cut(r.scopes[0], ":")
	scopes := append([]string{}, r.scopes[:r.fine]...)
	scopes = append(scopes, resource+":master")
	scopes = append(scopes, r.scopes[r.fine:]...)
	return append(scopes, strings.TrimSuffix(r.granular()[0], ":admin")+":master")
}

// accountParam refuses any account but the server's own, which me stands for too.
func (c *call) accountParam() *answer {
	if id := c.params[0]; id != "me" && id != c.s.accountID {
		return refuse(http.StatusNotFound, 2001, "Account does not exist: "+id+".")
	}
	return nil
}
