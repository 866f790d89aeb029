# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private keys on the target: made, and used to sign, by the cryptography library or else by the openssl program.

Keys are ECDSA on P-256, which every API server in use takes. A key goes to openssl through a pipe. It reaches the disk
in the kubeconfig, and before that, for the first login, in files of mode 0600 of the module's own temporary folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from typing import Protocol

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
except ImportError:  # then openssl serves
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

_SECONDS = 30


class KeyMaker(Protocol):
    """What both of them can do. Every method raises K8sError where it cannot."""

    def generate(self) -> str:
        """A new private key as PEM (PKCS 8)."""

    def public_key(self, private: str) -> bytes:
        """The public key of a private one, as a DER SubjectPublicKeyInfo."""

    def sign(self, private: str, data: bytes) -> bytes:
        """The ECDSA signature of the SHA-256 of the data, in DER."""


class Library:
    """Keys by the cryptography library."""

    def generate(self) -> str:
        key = ec.generate_private_key(ec.SECP256R1())
        pem: bytes = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return pem.decode()

    def public_key(self, private: str) -> bytes:
        try:
            key = serialization.load_pem_private_key(private.encode(), password=None)
            found: bytes = key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
            raise K8sError("the private key cannot be read") from exc
        return found

    def sign(self, private: str, data: bytes) -> bytes:
        key = serialization.load_pem_private_key(private.encode(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise K8sError("the private key is no ECDSA key")
        return key.sign(data, ec.ECDSA(hashes.SHA256()))


class Program:
    """Keys by the openssl program."""

    def __init__(self, program: str) -> None:
        self._program = program

    def generate(self) -> str:
        return self._run(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], b"").decode()

    def public_key(self, private: str) -> bytes:
        return self._run(["pkey", "-pubout", "-outform", "DER"], private.encode())

    def sign(self, private: str, data: bytes) -> bytes:
        # What is signed is public; the key alone needs the pipe.
        handle, path = tempfile.mkstemp(prefix="bulkhead-request-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            return self._run(["dgst", "-sha256", "-sign", "/dev/stdin", path], private.encode())
        finally:
            os.unlink(path)

    def _run(self, arguments: list[str], stdin: bytes) -> bytes:
        try:
            # AnsibleModule.run_command has no time limit.
            done = subprocess.run(  # pylint: disable=ansible-bad-function
                [self._program, *arguments], input=stdin, capture_output=True, check=False, timeout=_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise K8sError(f"{self._program} {arguments[0]} cannot be run ({type(exc).__name__})") from exc
        if done.returncode:
            # Nothing of its output: what it read is a private key.
            raise K8sError(f"{self._program} {arguments[0]} refused the private key (exit code {done.returncode})")
        return done.stdout


def key_maker() -> KeyMaker:
    """What this machine has. Raises K8sError where it has neither."""
    if HAS_CRYPTOGRAPHY:
        return Library()
    program = shutil.which("openssl")
    if program is None:
        raise K8sError(
            "A private key is made on the target, and it has neither the Python library cryptography"
            " nor the program openssl: install one of them there"
        )
    return Program(program)
