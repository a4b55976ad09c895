"""An officer's machine: everything is verified anew before it is signed, and nothing is believed of the server."""
