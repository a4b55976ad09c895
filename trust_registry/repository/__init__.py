"""The TUF repository as the registry's server and its officers handle it: the files, what they say, the next ones."""
