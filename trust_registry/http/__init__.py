"""The registry over HTTP: routes for officers and the public, of the mirror, their bodies, its pages."""
