"""Reads the cluster: what is installed, and whether what we made is in force. Never writes."""
