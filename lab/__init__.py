"""The embedded cluster: a real control plane and a real Envoy on this machine's loopback."""
