# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of networks that somebody made; the daemon's own are the daemon's matter."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control

NETWORK_CONTROLS: tuple[Control, ...] = (
    Control(
        id="docker.network.unused",
        title="Network is used by a container",
        scope="network",
        severity="info",
        actual="in_use",
        expected={"equals": True},
        when="!built_in && scope == 'local'",
        remediation="Remove the network (docker network rm).",
    ),
    Control(
        id="docker.network.host_link",
        title="Network does not put containers onto the host's own link",
        scope="network",
        severity="medium",
        actual="driver",
        expected={"not_in": ["macvlan", "ipvlan"]},
        when="!built_in",
        evidence="{in_use: in_use}",
        remediation="Use a bridge network: traffic of macvlan and ipvlan passes the host's firewall by.",
    ),
    Control(
        id="docker.network.routed",
        title="Containers of the network are not reachable past their published ports",
        scope="network",
        severity="medium",
        actual="gateway_mode_ipv4",
        expected={"not_in": ["nat-unprotected", "routed"]},
        when="driver == 'bridge'",
        remediation="Leave com.docker.network.bridge.gateway_mode_ipv4 at nat.",
    ),
    Control(
        id="docker.network.attachable",
        title="No single container can join a network of swarm services",
        scope="network",
        severity="low",
        actual="attachable",
        expected={"equals": False},
        when="driver == 'overlay'",
        not_applicable="There is no overlay network.",
        remediation="Make the overlay network without --attachable.",
    ),
)
