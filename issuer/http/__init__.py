"""The issuer over HTTP: routes for clients, phones and browsers, their bodies, its front page."""
