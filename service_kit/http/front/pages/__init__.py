"""Pages that every service has, a folder for each."""
