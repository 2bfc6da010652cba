// Package k8s stands in for what would ask Kubernetes.
package k8s

// Provider would ask Kubernetes.
type Provider struct{}
