// Command alloy is Grafana Alloy with the components of components.go. Of the official command line it takes what the
// stack needs, written the same way; anything else it refuses.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/grafana/alloy/internal/build"
	"github.com/grafana/alloy/internal/featuregate"
)

const usage = `Grafana Alloy, with the components that one stack uses.

  alloy run [flags] PATH        Run a configuration: a file, or a folder whose *.alloy files are one.
  alloy validate [flags] PATH   Check a configuration without running it.
  alloy --version               Say which version this is.

Flags:
`

// options are what both commands take on their command line.
type options struct {
	listenAddress string
	storagePath   string
	minStability  featuregate.Stability
}

func main() {
	if err := execute(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func execute(arguments []string) error {
	o := options{minStability: featuregate.StabilityGenerallyAvailable}
	flags := pflag.NewFlagSet("alloy", pflag.ContinueOnError)
	flags.Usage = func() {}
	flags.SortFlags = false
	flags.StringVar(&o.listenAddress, "server.http.listen-addr", "127.0.0.1:12345", "address to serve HTTP on")
	flags.StringVar(&o.storagePath, "storage.path", "data-alloy/", "folder in which components keep their data")
	flags.Var(&o.minStability, "stability.level", "lowest stability of the features that may be used")
	flags.Bool("disable-reporting", false, "accepted and without effect: this build reports nothing to anyone")
	version := flags.BoolP("version", "v", false, "say which version this is")

	switch err := flags.Parse(arguments); {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Print(usage, flags.FlagUsages())
		return nil
	case err != nil:
		return fmt.Errorf("%w (alloy --help lists what this build takes)", err)
	case *version:
		fmt.Println(build.Print("alloy"))
		return nil
	}

	switch words := flags.Args(); {
	case len(words) == 0:
		fmt.Print(usage, flags.FlagUsages())
		return nil
	case words[0] != "run" && words[0] != "validate":
		return fmt.Errorf("unknown command %q (alloy --help lists what this build takes)", words[0])
	case len(words) != 2:
		return fmt.Errorf("%s takes one path, not %d", words[0], len(words)-1)
	case words[0] == "validate":
		return validate(words[1], o)
	default:
		return run(words[1], o, flags)
	}
}
