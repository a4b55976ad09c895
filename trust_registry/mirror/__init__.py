"""The mirror (镜像), the server's half: static files for everybody, and the files that members bring for gates."""
