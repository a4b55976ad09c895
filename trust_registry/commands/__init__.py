"""The commands of officers and provinces; ``cli`` mounts them."""
