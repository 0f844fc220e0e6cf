"""Load on a local cloud: client processes, and what they are told compared with what is stored."""
