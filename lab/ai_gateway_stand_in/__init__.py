"""A stand-in (simulated) for the controller and ext_proc of Envoy AI Gateway 1.1.

It does what theirs do to routing, at the same places: the HTTPRoute with its `route-not-found`
catch-all, the ext_proc filter that Envoy Gateway's extension hook puts behind authentication, and
the model that moves from the body to `x-ai-eg-model`. It has no authentication code, holds no
credentials and answers no 401 or 403: those can only come from Envoy.
"""

NAME = "stand-in for the AI Gateway's controller (simulated)"
EXT_PROC_NAME = "stand-in for the AI Gateway's ext_proc (simulated)"
