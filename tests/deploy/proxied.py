"""A real nginx with the configuration that is shipped, on free ports of this machine, in front of real services."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.scenarios.serving import SECONDS

DEPLOY = Path(__file__).parents[2] / "deploy"
TEMPLATE = DEPLOY / "nginx" / "tongxing.conf.template"
SETTING = re.compile(r"\$\{(TONGXING_[A-Z_]+)\}")
MAIN = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    access_log off;
    include {folder}/tongxing.conf;
}}
"""


class Page(NamedTuple):
    """Status, headers and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Nginx:
    """The process; a context manager."""

    def __init__(self, folder: Path, settings: Mapping[str, str], port: int) -> None:
        self.folder, self.port = folder, port
        self.certificate = folder / "tls.pem"
        key = folder / "tls.key"
        make_certificate(self.certificate, key)
        own = {
            "TONGXING_TLS_PORT": f"127.0.0.1:{port}",
            "TONGXING_CERTIFICATE": str(self.certificate),
            "TONGXING_CERTIFICATE_KEY": str(key),
            "TONGXING_PROXY": str(DEPLOY / "nginx" / "proxy.conf"),
            "TONGXING_RESOLVER": "127.0.0.1",
            "TONGXING_ACCESS_LOG": str(folder / "access.log"),
        }
        (folder / "tongxing.conf").write_text(fill(TEMPLATE.read_text(), own | dict(settings)))
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
        self.command = [str(shutil.which("nginx")), "-p", str(folder), "-c", str(folder / "nginx.conf")]

    def __enter__(self) -> Nginx:
        checked = subprocess.run([*self.command, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        with (self.folder / "nginx.out").open("wb") as output:
            self.process = subprocess.Popen(self.command, stdout=output, stderr=output)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(SECONDS)
        self.process.kill()
        self.process.wait()

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, /, host: str = "localhost", **headers: str
    ) -> Page:
        """One request over TLS, on a connection of its own."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = HTTPSConnection("localhost", self.port, context=self.trusting(), timeout=SECONDS)
        try:
            connection.request(method, path, body, {"Host": host, **named})
            answer: HTTPResponse = connection.getresponse()
            return Page(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def trusting(self) -> ssl.SSLContext:
        """Believes this nginx's certificate and no other."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def access_log(self) -> str:
        """What was logged so far."""
        return (self.folder / "access.log").read_text()


def fill(template: str, settings: Mapping[str, str]) -> str:
    """What envsubst does; KeyError for a setting that is not given."""
    return SETTING.sub(lambda found: settings[found[1]], template)


def make_certificate(certificate: Path, key: Path) -> None:
    """A certificate of its own authority for the names that the tests use."""
    private, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tongxing test")])
    names = x509.SubjectAlternativeName(
        [x509.DNSName(name) for name in ("localhost", "henan.test", "guangdong.test", "zhejiang.test")]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
