"""Signing in (登录) at the province's identity provider by OpenID Connect."""
