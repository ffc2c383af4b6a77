"""Find the scans in files, folders and archives, and read them slice by slice."""
