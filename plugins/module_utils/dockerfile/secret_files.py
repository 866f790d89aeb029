# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that hold secrets: by name, and where the name alone does not tell, by the first bytes."""

from __future__ import annotations

import fnmatch
import os
import re
import stat

# How much of a file is read to see what it is.
_HEAD = 4096
_PRIVATE_KEY = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")
# Names that say enough: name of the file, or its end from some folder on.
_CERTAIN = str.split(
    "id_rsa id_dsa id_ecdsa id_ed25519 id_ecdsa_sk id_ed25519_sk identity .env .netrc _netrc .pgpass .my.cnf"
    " .git-credentials .htpasswd .dockercfg .vault-token .vault_pass terraform.tfstate terraform.tfstate.backup"
    " credentials.tfrc.json application_default_credentials.json wp-config.php .s3cfg .boto *.kdbx *.keystore *.jks"
    " *.p12 *.pfx *.ppk *.ovpn *.kubeconfig kubeconfig .pypirc"
)
_PATHS = re.compile(
    r"(?:\A|/)(?:\.aws/(?:credentials|config)|\.docker/config\.json|\.kube/config|\.azure/\S+"
    r"|\.config/gcloud/\S+|\.ssh/(?!known_hosts|config|authorized_keys)\S+|\.gnupg/\S+|\.terraform\.d/credentials\S*)\Z"
)
_ENVIRONMENT = re.compile(r"\.env\.(?!example\Z|sample\Z|template\Z|tmpl\Z|dist\Z|defaults?\Z|schema\Z)[\w.-]+\Z")
# Names that may be anything: a look at the beginning tells.
_LOOK = re.compile(r"\.(?:pem|key|priv|asc|gpg|der|crt)\Z|(?:\A|[._-])(?:private|secret)[._-]?key", re.IGNORECASE)
_TOKENS = {
    ".npmrc": re.compile(rb"(?:_authToken|_auth|_password)\s*=\s*(?!\$\{)\S"),
    "config.json": re.compile(rb'"auths"\s*:\s*\{\s*"'),
    "key.json": re.compile(rb'"type"\s*:\s*"service_account"'),
    "pip.conf": re.compile(rb"://[^\s/:@]+:[^\s@]+@"),
}
_CERTAIN_NAMES = frozenset(name for name in _CERTAIN if "*" not in name)
_CERTAIN_PATTERNS = re.compile("|".join(fnmatch.translate(name) for name in _CERTAIN if "*" in name))


def secret_file(path: str) -> bool:
    """Whether the name alone says that a file holds a secret. Slashes separate folders."""
    name = path.rsplit("/", 1)[-1].lower()
    if name in _CERTAIN_NAMES or _CERTAIN_PATTERNS.match(name) or _ENVIRONMENT.match(name):
        return True
    return "/" in path and bool(_PATHS.search(path))


def looks_secret(path: str, file: str) -> bool:
    """Whether a file in a build context holds a secret: by its path there, or by its beginning where that must tell.

    Raises PermissionError where the beginning must tell and may not be read.
    """
    if secret_file(path):
        return True
    name = path.rsplit("/", 1)[-1]
    pattern = _TOKENS.get(name) or (_PRIVATE_KEY if _LOOK.search(name) else None)
    if pattern is None and name.endswith(".json") and "account" in name.lower():
        pattern = _TOKENS["key.json"]
    return pattern is not None and bool(pattern.search(_beginning(file)))


def _beginning(file: str) -> bytes:
    """The first bytes of a plain file; what is none has none."""
    try:
        # A link may lead out of the context, and a pipe may have no end.
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except PermissionError:
        raise
    except OSError:
        return b""
    try:
        return os.read(descriptor, _HEAD) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    finally:
        os.close(descriptor)
