"""The registry's metadata as a gate takes it: fetched, judged, pinned, kept, looked up."""
