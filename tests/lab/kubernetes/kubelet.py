# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command lines and files of kubelet and kube-proxy."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lab.kubernetes.network import NODE, PODS

NODE_NAME = "node1"
PAUSE = "lab/pause:1.0"
_CNI_PLUGINS = "/usr/lib/cni"


def _write_cni(workdir: Path) -> Path:
    folder = workdir / "cni" / "net.d"
    folder.mkdir(parents=True, exist_ok=True)
    addresses = {
        "type": "host-local",
        "dataDir": str(workdir / "cni" / "addresses"),
        "ranges": [[{"subnet": PODS}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": False, "hairpinMode": True}
    network = {"cniVersion": "0.3.1", "name": "lab", **bridge, "ipam": addresses}
    (folder / "10-bridge.conf").write_text(json.dumps(network))
    return folder


def _write_config(workdir: Path) -> Path:
    pki = workdir / "pki"
    resolver = workdir / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.1\n")
    config = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "0.0.0.0",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{pki}/kubelet.crt",
        "tlsPrivateKeyFile": f"{pki}/kubelet.key",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": "/",
        "cgroupsPerQOS": True,
        "failSwapOn": False,
        "clusterDomain": "cluster.local",
        "resolvConf": str(resolver),
        "readOnlyPort": 0,
        "healthzBindAddress": "127.0.0.1",
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "volumePluginDir": str(workdir / "volume-plugins"),
        "nodeStatusUpdateFrequency": "1s",
        # How soon a static pod is shown by the API server that it brings up, and a Secret's change by its mount.
        "syncFrequency": "2s",
        "staticPodPath": str(workdir / "manifests"),
    }
    file = workdir / "kubelet.yaml"
    file.write_text(json.dumps(config, indent=2))
    return file


def kubelet(program: str, workdir: Path, docker_host: str) -> list[str]:
    """The command line; the files that it names are written."""
    return [
        program,
        f"--config={_write_config(workdir)}",
        f"--kubeconfig={workdir}/kubeconfig/kubelet.conf",
        f"--hostname-override={NODE_NAME}",
        f"--node-ip={NODE}",
        f"--root-dir={workdir}/kubelet",
        f"--cert-dir={workdir}/kubelet-pki",
        "--container-runtime=docker",
        f"--container-runtime-endpoint=unix://{workdir}/dockershim.sock",
        f"--docker={docker_host}",
        f"--docker-endpoint={docker_host}",
        f"--experimental-dockershim-root-directory={workdir}/dockershim",
        f"--pod-infra-container-image={PAUSE}",
        "--network-plugin=cni",
        f"--cni-bin-dir={_CNI_PLUGINS}",
        f"--cni-conf-dir={_write_cni(workdir)}",
        f"--cni-cache-dir={workdir}/cni/cache",
    ]


def kube_proxy(program: str, workdir: Path) -> list[str]:
    """The command line. It leaves the kernel's connection tracking as it is: that belongs to the whole machine."""
    return [
        program,
        f"--kubeconfig={workdir}/kubeconfig/kube-proxy.conf",
        "--proxy-mode=iptables",
        f"--cluster-cidr={PODS}",
        f"--hostname-override={NODE_NAME}",
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
    ]
