package zoom

import (
	"strings"

	"github.com/seatkit/zoom/internal/wire"
)

// accountPath stands before every path of a client of a sub-account.
const accountPath = "/accounts/{accountId}"

// WithSubAccount makes every call of the client one about a sub-account of the
// token's account: the path of each, also of [Client.Do] and [ListOf], begins
// with /accounts/{accountId}. "me" is the token's own account. Errors, traces and
// logs show this template and never the account id, which is refused with
// [ErrInvalidArgument] if it cannot be one segment of a path or holds a slash.
//
// Zoom lets approved partners only call these endpoints, with scopes of the
// primary (master) account: user:master, meeting:master and report:master, or
// the granular ones that end in :master instead of :admin, such as
// user:read:list_users:master. [Client.Preflight] looks for these.
//
// API: https://developers.zoom.us/docs/integrations/oauth-scopes-granular/
func WithSubAccount(accountID string) Option {
	return func(c *config) error {
		if strings.Contains(accountID, "/") {
			return invalidOption("sub-account", "accountId contains a slash")
		}
		if _, err := wire.Path(accountPath, accountID); err != nil {
			return invalidOption("sub-account", err.Error())
		}
		c.account = hide(accountID)
		return nil
	}
}

// place puts an operation under the sub-account of the client, once. The id joins
// the values only when the path is filled, so that no list and no change holds it.
func (c *Client) place(o *operation) {
	if c == nil || c.account == nil || o.placed || !strings.HasPrefix(o.path, "/") {
		return
	}
	o.path, o.placed = accountPath+o.path, true
}

// pathValues are those of the placeholders of a placed operation.
func (c *Client) pathValues(o *operation) []string {
	if !o.placed {
		return o.values
	}
	return append([]string{c.account()}, o.values...)
}

// speaksForOther reports whether calls are about another account than the
// token's own.
func (c *Client) speaksForOther() bool { return c.account != nil && !isMe(c.account()) }
