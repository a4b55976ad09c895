"""Rule sets at their authors' desks: as files, and tried on made-up codes before they are signed."""
