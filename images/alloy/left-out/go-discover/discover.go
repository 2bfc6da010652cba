// Package discover stands in for a library that asks fifteen clouds for the nodes of a cluster. This build of Alloy has no
// flag to become a node of one, so nothing calls it; with it, half as much source again would be compiled.
package discover

import (
	"errors"
	"log"
)

var errLeftOut = errors.New("this build of Alloy does not discover nodes of a cluster")

// Provider would ask one cloud.
type Provider any

// Providers are the clouds that can be asked: none.
var Providers = map[string]Provider{}

// Discover would ask all clouds.
type Discover struct{}

// Option would change how New makes a Discover.
type Option func(*Discover)

// New always fails.
func New(...Option) (*Discover, error) { return nil, errLeftOut }

// WithProviders changes nothing.
func WithProviders(map[string]Provider) Option { return func(*Discover) {} }

// Addrs always fails.
func (*Discover) Addrs(string, *log.Logger) ([]string, error) { return nil, errLeftOut }
