// Package corekind gives the schema of dashboards to whoever asks for it, and evaluates it then.
//
// The module's own package evaluates the schemas of all seven kinds at each start, which takes more than half of it; the
// server asks for this one only, and only when a dashboard is to be validated.
package corekind
