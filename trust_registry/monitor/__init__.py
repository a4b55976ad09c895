"""Follows public logs for one member (公开日志监测): whoever runs it believes nobody who keeps a log."""
