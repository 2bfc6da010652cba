package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/grafana/alloy/internal/component"
	"github.com/grafana/alloy/internal/service"
	"github.com/grafana/alloy/internal/service/cluster"
	"github.com/grafana/alloy/internal/service/http"
	"github.com/grafana/alloy/internal/service/labelstore"
	"github.com/grafana/alloy/internal/service/livedebugging"
	"github.com/grafana/alloy/internal/service/remotecfg"
	"github.com/grafana/alloy/internal/validator"
	"github.com/grafana/alloy/syntax/diag"
)

// read returns the content of each file of a configuration, by its path.
func read(path string) (map[string][]byte, error) {
	about, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	files := []string{path}
	if about.IsDir() {
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, err
		}
		files = nil
		for _, entry := range entries {
			if !entry.IsDir() && filepath.Ext(entry.Name()) == ".alloy" {
				files = append(files, filepath.Join(path, entry.Name()))
			}
		}
	}
	contents := make(map[string][]byte, len(files))
	for _, file := range files {
		if contents[file], err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	return contents, nil
}

// hash is one value for all files of a configuration, the same for the same files.
func hash(contents map[string][]byte) [sha256.Size]byte {
	sum := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(contents)) {
		sum.Write(contents[path])
	}
	return [sha256.Size]byte(sum.Sum(nil))
}

// validate reports what is wrong with a configuration to stderr.
func validate(path string, o options) error {
	contents, err := read(path)
	if err != nil {
		return err
	}
	var known []service.Definition
	for _, one := range []service.Service{
		&cluster.Service{},
		&http.Service{},
		&labelstore.Service{},
		&livedebugging.Service{},
		&remotecfg.Service{},
	} {
		known = append(known, one.Definition())
	}
	err = validator.Validate(validator.Options{
		Sources:            contents,
		ServiceDefinitions: known,
		ComponentRegistry:  component.NewDefaultRegistry(o.minStability, false),
		MinStability:       o.minStability,
	})
	if err == nil {
		return nil
	}
	if !errors.As(err, new(diag.Diagnostics)) {
		return err
	}
	validator.Report(os.Stderr, err, contents)
	return fmt.Errorf("%s is no valid configuration", path)
}
