"""Proofs with real processes: servers of the API, and clients that call them over HTTP."""
