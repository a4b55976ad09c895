"""The verifier's commands; ``cli`` mounts them."""
