"""Envoy AI Gateway's own controller and extproc, run outside of a cluster.

Neither knows a way to bind 127.0.0.1 only, and the controller's ports 8080 and 18002 are fixed
(1.1.0). So each gets a network namespace of its own, with relays to the few ports that are needed.
What a kubelet would do is done for it: a Pod for each Envoy Deployment is made on the API server,
the controller's real webhook puts the extproc into it, and that container is run as a process.
"""
