package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seatkit/zoom/zoomauth"
)

// regionOnly is the region of an app that is the only one.
const regionOnly zoomauth.Region = "Zoom"

var regions = []zoomauth.Region{zoomauth.RegionNA, zoomauth.RegionAPAC, zoomauth.RegionEU, regionOnly}

func titleOf(region zoomauth.Region) string {
	switch region {
	case zoomauth.RegionNA:
		return "North America"
	case zoomauth.RegionAPAC:
		return "Asia Pacific"
	case zoomauth.RegionEU:
		return "Europe"
	default:
		return "Zoom account"
	}
}

// prefixOf is how the names of a region's variables begin.
func prefixOf(region zoomauth.Region) string {
	if region == regionOnly {
		return "ZOOM_"
	}
	return "ZOOM_" + string(region) + "_"
}

// readApps reads the apps from the environment; none at all is no error. Credentials
// that are incomplete or empty are never replaced by invented accounts.
func readApps(lookup func(string) (string, bool)) (zoomauth.Apps, error) {
	var apps zoomauth.Apps
	for _, region := range regions {
		app := zoomauth.App{Region: region}
		present := false
		for name, field := range map[string]*string{
			"CLIENT_ID": &app.ClientID, "CLIENT_SECRET": &app.ClientSecret, "REDIRECT_URL": &app.RedirectURL,
		} {
			value, found := lookup(prefixOf(region) + name)
			*field = strings.TrimSpace(value)
			present = present || found
		}
		switch {
		case !present:
			continue
		case region == regionOnly && len(apps) > 0:
			return nil, fmt.Errorf("there are variables of the one app, as ZOOM_CLIENT_ID, and of a region, as %sCLIENT_ID: want the ones or the others", prefixOf(apps[0].Region))
		}
		if err := checkApp(app); err != nil {
			return nil, err
		}
		apps = append(apps, app)
	}
	return apps, nil
}

// checkApp names the variable that is wrong.
func checkApp(app zoomauth.App) error {
	prefix := prefixOf(app.Region)
	var missing []string
	if app.ClientID == "" {
		missing = append(missing, prefix+"CLIENT_ID")
	}
	if app.ClientSecret == "" && !strings.HasPrefix(app.RedirectURL, "http://") { // such a one is of a public client
		missing = append(missing, prefix+"CLIENT_SECRET")
	}
	if app.RedirectURL == "" {
		missing = append(missing, prefix+"REDIRECT_URL")
	}
	if len(missing) > 0 {
		return fmt.Errorf("the credentials are incomplete: %s not set or empty", strings.Join(missing, ", "))
	}
	if _, _, err := app.AuthCodeURL(); err != nil { // sends nothing
		return fmt.Errorf("%sREDIRECT_URL: %w", prefix, err)
	}
	if path := callbackPath(app); slices.Contains(ownPaths, path) || strings.HasPrefix(path, actionPath) {
		return fmt.Errorf("%sREDIRECT_URL: want a path that this program does not use itself, as /zoom/callback", prefix)
	}
	return nil
}
