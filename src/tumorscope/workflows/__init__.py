"""One function per command. This is the Python API."""
