# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every control of dockerfile_audit, by Dockerfiles that must fail just these controls, or none."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.dockerfile import (
    DOCKERFILE_CONTROLS,
    DOCKERFILE_SCOPES,
)
from tests.unit.plugins.module_utils.dockerfile.judged import built, failed, judged

# (body of a Dockerfile that is right otherwise, the controls that it fails)
BODIES: list[tuple[str, set[str]]] = [
    # ADD and COPY
    ("COPY app /app", set()),
    ("ADD app.tar.gz /app", set()),
    ("ADD $ARCHIVE /app", set()),
    ("ADD rootfs.tar.xz /", set()),
    ("ADD app /app", {"copy.added"}),
    ('ADD ["app", "/app"]', {"copy.added"}),
    ("ADD a.tar b.txt /app/", {"copy.added"}),
    ("add app /app", {"copy.added"}),
    ("ADD https://example.com/a.bin /a", {"copy.unverified"}),
    (
        "ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43 https://example.com/a /a",
        set(),
    ),
    ("ADD http://example.com/a.tgz /a", {"copy.unverified", "copy.clear_text"}),
    ("ADD https://github.com/moby/buildkit.git#v0.10.1 /buildkit", set()),
    ("COPY id_rsa /root/.ssh/id_rsa", {"copy.secret_files"}),
    ("COPY .env.production /app/.env", {"copy.secret_files"}),
    ("COPY .env.example /app/", set()),
    ("COPY --from=build:1 /out/.env /app/", set()),
    ("COPY config/.aws/credentials /root/.aws/credentials", {"copy.secret_files"}),
    ("COPY --chmod=4755 tool /usr/bin/tool", {"copy.setuid"}),
    ("COPY --chmod=0777 tool /usr/bin/tool", {"copy.world_writable"}),
    ("COPY --chmod=0755 --chown=1:1 tool /usr/bin/tool", set()),
    ("COPY --from=nginx /etc/nginx /etc/nginx", {"copy.image_latest"}),
    ("COPY --from=0 /a /b", set()),
    ("COPY --from=$BUILDER /a /b", set()),
    ("COPY --from=docker.io/library/nginx /etc/nginx /etc/nginx", {"copy.image_latest"}),
    ("COPY --from=nginx:latest /etc/nginx /etc/nginx", {"copy.image_latest"}),
    ("COPY --from=nginx:1.27 /etc/nginx /etc/nginx", set()),
    ("COPY <<EOF /etc/app.conf\npassword=correct-horse-battery\nEOF", {"copy.secrets"}),
    ("COPY <<-'EOF' /etc/app.conf\n\tlisten 8080\n\tEOF", set()),
    # ENV, ARG and LABEL
    ("ENV DB_PASSWORD=correct-horse", {"variable.secrets"}),
    ("ENV DB_PASSWORD correct horse", {"variable.secrets"}),
    ("ENV A=1 \\\n    API_KEY='abcd-efgh-ijkl'", {"variable.secrets"}),
    ("ENV DB_PASSWORD_FILE=/run/secrets/db", set()),
    ("ENV PATH=/opt/bin:$PATH", set()),
    ("ARG NPM_TOKEN", {"variable.secret_arguments"}),
    ("ARG NPM_TOKEN=0f1e2d3c4b5a", {"variable.secrets"}),
    ("ARG VERSION=1.0", set()),
    ("LABEL maintainer=team@example.com", set()),
    ("LABEL ci.token=ghp_0123456789abcdefghijABCDEFGHIJ012345", {"variable.secrets"}),
    ("ENV NODE_TLS_REJECT_UNAUTHORIZED=0", {"variable.unverified"}),
    ("ENV NODE_TLS_REJECT_UNAUTHORIZED=1", set()),
    # RUN
    ("RUN curl -fsSL https://example.com/i.sh | sh", {"run.piped"}),
    ("RUN wget -qO- https://example.com/i.sh | sudo bash -s -- --yes", {"run.piped", "run.sudo"}),
    ('RUN sh -c "$(curl -fsSL https://example.com/i.sh)"', {"run.piped"}),
    ("RUN bash <(curl -s https://example.com/i.sh)", {"run.piped"}),
    ("RUN curl -s https://example.com/k | tee /k", set()),
    ("RUN curl -s https://example.com/j | python3 -c 'import json'", set()),
    ("RUN curl -o i.sh https://example.com/i.sh && sha256sum -c i.sum && sh i.sh", set()),
    ("RUN curl -k -O https://example.com/a", {"run.unverified_tls"}),
    ("RUN curl -fsSkLO https://example.com/a", {"run.unverified_tls"}),
    ("RUN wget --no-check-certificate https://example.com/a", {"run.unverified_tls"}),
    ("RUN pip install --trusted-host example.com app", {"run.unverified_tls"}),
    ("RUN GIT_SSL_NO_VERIFY=1 git clone https://example.com/a", {"run.unverified_tls"}),
    ("RUN git -c http.sslVerify=false clone https://example.com/a", {"run.unverified_tls"}),
    (
        "RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*",
        set(),
    ),
    ("RUN apt-get update && apt-get install -y --no-install-recommends curl", {"run.index_left"}),
    ("RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*", {"run.recommended"}),
    (
        "RUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get -y install --no-install-recommends curl",
        set(),
    ),
    ("RUN apt-get update", {"run.index_alone", "run.index_left"}),
    (
        "RUN apt-get update && apt-get install -y --no-install-recommends --force-yes a && rm -r /var/lib/apt/lists",
        {"run.unsigned"},
    ),
    ("RUN apt-get update && apt-get -y dist-upgrade && rm -rf /var/lib/apt/lists/*", {"run.upgrades"}),
    ("RUN apk add --no-cache curl", set()),
    ("RUN apk add curl", {"run.index_left"}),
    ("RUN apk add --no-cache --virtual .b gcc make && make && apk del .b", set()),
    ("RUN apk add --no-cache gcc", {"run.toolchain"}),
    ("RUN apk add --no-cache --allow-untrusted x.apk", {"run.unsigned"}),
    ("RUN dnf -y install httpd && dnf clean all", set()),
    ("RUN dnf -y install httpd", {"run.index_left"}),
    ("RUN yum -y update && yum clean all", {"run.upgrades"}),
    ("RUN yum -y install --nogpgcheck httpd && yum clean all", {"run.unsigned"}),
    ("RUN dnf -y install openssh-server sudo && dnf clean all", {"run.remote_access", "run.privilege_tools"}),
    ("RUN apk add --no-cache nmap", {"run.attack_tools"}),
    ("RUN chmod u+s /usr/bin/tool", {"run.setuid"}),
    ("RUN chmod 4755 /usr/bin/tool", {"run.setuid"}),
    ("RUN chmod -R 777 /srv", {"run.world_writable"}),
    ("RUN chmod 1777 /tmp/x && chmod -x /a && chmod u+x,g-w /b && chmod 0755 /c", set()),
    ("RUN chmod a+w /srv", {"run.world_writable"}),
    ("RUN chmod +w /srv && chmod g+w /x", {"run.world_writable"}),
    ("RUN setcap cap_net_raw+ep /usr/bin/ping", {"run.setuid"}),
    ("RUN sudo make install", {"run.sudo"}),
    ("RUN echo 'root:toor' | chpasswd", {"run.passwords"}),
    ('RUN --mount=type=secret,id=pw echo "root:$(cat /run/secrets/pw)" | chpasswd', set()),
    ("RUN useradd --no-log-init -r -g app app", set()),
    ("RUN mysql --password=correct-horse -e 'select 1'", {"run.secrets"}),
    ("RUN git clone https://me:correcthorse@example.com/a", {"run.secrets"}),
    ("RUN <<EOF\nset -e\ncurl -s https://example.com/i | sh\nEOF", {"run.piped"}),
    ("RUN <<EOF cat > /script\nFROM nothing\nsudo x\nEOF", set()),
    ("RUN bash -e <<'EOF'\nsudo x\nEOF", {"run.sudo"}),
    ("RUN --security=insecure mount x", {"run.insecure"}),
    ("RUN --network=host make", {"run.host_network"}),
    ("RUN --mount=type=bind,source=/s,target=/var/run/docker.sock docker ps", {"run.sockets"}),
    ("RUN --mount=type=bind,from=example.com/tools,target=/t /t/run", {"run.image_latest"}),
    ("RUN cd /srv", {"run.lost_cd"}),
    ("RUN cd /srv && make", set()),
    ('RUN ["curl", "-k", "https://example.com"]', {"run.unverified_tls"}),
    ('RUN ["/bin/bash", "-c", "curl -s https://example.com/i | sh"]', {"run.piped"}),
    ("RUN echo 'curl x | sh' > /README", set()),
    ("RUN true # curl x | sh", set()),
    # What a container is told
    ("EXPOSE 8080 9090/udp", set()),
    ("EXPOSE 22", {"instruction.remote_ports"}),
    ("EXPOSE 80/tcp", {"instruction.privileged_ports"}),
    ("EXPOSE 20-25", {"instruction.remote_ports", "instruction.privileged_ports"}),
    ("ENV PORT=443\nEXPOSE $PORT\nENV PORT=8443", {"instruction.privileged_ports"}),
    ("VOLUME /var/run/docker.sock", {"instruction.sockets"}),
    ('VOLUME ["/data"]', set()),
    ("WORKDIR app", {"instruction.workdir"}),
    ('WORKDIR "/app"', set()),
    ("WORKDIR $HOME", set()),
    ("WORKDIR C:\\\\app", set()),
    ("MAINTAINER me", {"instruction.maintainer"}),
    ('CMD ["a"]\nCMD ["b"]', {"stage.single_cmd"}),
    ("ENTRYPOINT a\nENTRYPOINT b", {"stage.single_entrypoint"}),
    ("CMD run --api-key=abcd-efgh-ijkl", {"instruction.secrets"}),
    ("ONBUILD RUN curl -s https://example.com/i | sh", {"run.piped"}),
    ("ONBUILD ADD . /app", {"copy.added"}),
    ("ONBUILD CMD a\nCMD b", set()),
]

# (a whole Dockerfile, options, the controls that it fails)
FILES: list[tuple[str, dict[str, object], set[str]]] = [
    ("FROM debian:12", {}, {"file.user", "file.healthcheck"}),
    ("FROM debian:12\nUSER root\nHEALTHCHECK NONE", {}, {"file.user_root", "file.healthcheck"}),
    ("FROM debian:12\nUSER app\nUSER 0:0\nHEALTHCHECK CMD a", {}, {"file.user_root"}),
    ("FROM debian:12 AS a\nUSER 5\nHEALTHCHECK CMD a\nFROM a", {}, set()),
    ("FROM debian:12 AS a\nUSER 5\nFROM debian:12\nHEALTHCHECK CMD a", {}, {"file.user"}),
    ("FROM gcr.io/distroless/static-debian12:nonroot\nHEALTHCHECK CMD a", {}, set()),
    (built("", "debian"), {}, {"stage.base_latest"}),
    (built("", "registry.example.com:5000/a"), {}, {"stage.base_latest"}),
    (built("", "debian:latest"), {}, {"stage.base_latest"}),
    (built("", "scratch"), {"require_digest": True}, set()),
    (built(""), {"require_digest": True}, {"stage.base_digest"}),
    (built("", "debian:12@sha256:" + 64 * "a"), {"require_digest": True}, set()),
    (built(""), {"allowed_registries": ["registry.example.com"]}, {"stage.base_registry"}),
    (built(""), {"allowed_registries": ["docker.io/library"]}, set()),
    (built("COPY --from=quay.io/a:1 /a /a"), {"allowed_registries": ["docker.io"]}, {"copy.image_registry"}),
    (built(""), {"allowed_bases": ["alpine:*", "debian:11"]}, {"stage.base_allowed"}),
    (built(""), {"allowed_bases": ["debian:*"]}, set()),
    ("ARG V=latest\n" + built("", "debian:${V}"), {}, {"stage.base_latest"}),
    ("ARG V=latest\n" + built("", "debian:${V}"), {"build_args": {"V": "12"}}, set()),
    ("ARG BASE\n" + built("", "$BASE"), {}, {"stage.base_known"}),
    (built("", "debian:${V:-latest}"), {}, {"stage.base_latest"}),
    ("# escape=`\n" + built("RUN curl -s https://e.com/i `\n  | sh\nWORKDIR C:\\app"), {}, {"run.piped"}),
    ("\ufeff" + built("RUN cd /srv").replace("\n", "\r\n"), {}, {"run.lost_cd"}),
    ("FROM golang:1 AS B\nRUN apk add gcc\n" + built("COPY --from=b /a /a"), {}, set()),
    ("FROM golang:1 AS B\nRUN apk add gcc\nFROM b\nUSER 1\nHEALTHCHECK CMD a", {}, {"run.index_left", "run.toolchain"}),
    (
        "FROM debian:12 AS test\nRUN apk add gcc\nUSER 0\n" + built("RUN chmod 777 /a"),
        {"stage": "test"},
        {"file.user_root", "file.healthcheck", "run.index_left", "run.toolchain", "run.world_writable"},
    ),
    (built("# bulkhead ignore=dockerfile.run.sudo owner=web\nRUN sudo a"), {}, {"file.ignores", "run.sudo"}),
    (built("# bulkhead ignore=dockerfile.run.sudo owner=web expires=2999-01-01 Needed.\nRUN sudo a"), {}, set()),
    (
        built("# bulkhead ignore=dockerfile.run.sudo owner=web expires=2001-01-01 Needed.\nRUN sudo a"),
        {},
        {"run.sudo"},
    ),
]


@pytest.mark.parametrize(("body", "expected"), BODIES, ids=[body.replace("\n", " ")[:60] for body, _expected in BODIES])
def test_a_body_fails_just_these_controls(body: str, expected: set[str]) -> None:
    assert failed(built(body)) == expected


@pytest.mark.parametrize(("text", "given", "expected"), FILES)
def test_a_file_fails_just_these_controls(text: str, given: dict[str, object], expected: set[str]) -> None:
    assert failed(text, **given) == expected


def test_the_corpus_has_both_for_every_control() -> None:
    """Contexts and what cannot be read have tests of their own."""
    found = set().union(*(expected for _body, expected in BODIES), *(expected for _text, _given, expected in FILES))
    ids = {control.id.removeprefix("dockerfile.") for control in DOCKERFILE_CONTROLS}
    elsewhere = {name for name in ids if name.startswith("context.")} | {"file.syntax"}
    assert ids - found == elsewhere | {"copy.image_digest", "stage.single_healthcheck"}
    assert failed(built("COPY --from=nginx:1 /a /a", "scratch"), require_digest=True) == {"copy.image_digest"}
    assert failed(built("HEALTHCHECK CMD a")) == {"stage.single_healthcheck"}


def test_ids_are_told_apart_and_begin_with_their_scope() -> None:
    ids = [control.id for control in DOCKERFILE_CONTROLS]
    assert len(set(ids)) == len(ids)
    assert all(control.id.startswith(f"dockerfile.{control.scope}.") for control in DOCKERFILE_CONTROLS)
    assert {control.scope for control in DOCKERFILE_CONTROLS} == set(DOCKERFILE_SCOPES)


def test_what_is_trusted_is_manual_until_somebody_says_it() -> None:
    manual = [row["control"] for row in judged(built(""))["findings"] if row["status"] == "manual"]
    assert sorted(set(manual)) == sorted(
        {control.id for control in DOCKERFILE_CONTROLS if control.manual or control.scope == "context"}
    )
