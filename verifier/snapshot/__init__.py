"""What a gate in a browser is given: all that its service knows, whole or by what is new."""
