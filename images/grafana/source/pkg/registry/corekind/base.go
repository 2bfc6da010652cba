package corekind

import (
	"sync"

	"github.com/google/wire"
	"github.com/grafana/thema"

	"github.com/grafana/grafana/pkg/kinds/dashboard"
)

// KindSet is what the server is wired with.
var KindSet = wire.NewSet(NewBase)

// Base holds the dashboards' schema once somebody has asked for it.
type Base struct {
	dashboard func() *dashboard.Kind
}

// NewBase evaluates nothing yet.
func NewBase(runtime *thema.Runtime) *Base {
	return &Base{dashboard: sync.OnceValue(func() *dashboard.Kind {
		kind, err := dashboard.NewKind(runtime)
		if err != nil {
			panic("the schema of dashboards cannot be evaluated: " + err.Error())
		}
		return kind
	})}
}

// Dashboard is the schema that a dashboard is validated against.
func (b *Base) Dashboard() *dashboard.Kind {
	return b.dashboard()
}
