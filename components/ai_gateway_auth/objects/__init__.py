"""Pure functions from a model to the spec of a Kubernetes object."""
