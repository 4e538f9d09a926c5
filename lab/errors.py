class LabError(Exception):
    """A part of the lab failed: what, why, and how to mend it, one sentence each."""
