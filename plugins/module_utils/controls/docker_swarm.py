# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Swarm mode: its managers, keys, certificates and networks. Nothing of it applies to a node outside a swarm.

Facts: docker/collect/swarm.py, and docker/collect/networks.py for overlay networks.
"""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.cis import cis

_NO_SWARM = "Swarm mode is off."

SWARM_CONTROLS: tuple[Control, ...] = (
    Control(
        id="docker.swarm.managers",
        title="The swarm has few managers, and an odd number of them",
        scope="swarm",
        severity="medium",
        actual="managers",
        expected={"in": [1, 3, 5, 7]},
        remediation="Promote or demote nodes until there are 3 managers, or 5 where two must be able to fail.",
        rationale="Each manager is a way into the whole swarm; an even number of them survives no more failures.",
        not_applicable=_NO_SWARM,
        references=cis("7.1", "7.1"),
    ),
    Control(
        id="docker.swarm.listen_address",
        title="Swarm management listens on one address",
        scope="swarm",
        severity="medium",
        actual="listens_everywhere",
        expected={"equals": False},
        evidence="{listen_address: listen_address}",
        remediation="Let the node leave, and join again with `--listen-addr` and an address of the management network.",
        rationale="The management port is otherwise open on every interface of the node.",
        not_applicable=_NO_SWARM,
        references=cis("7.2", "7.2"),
    ),
    Control(
        id="docker.swarm.overlay_encrypted",
        title="Traffic of containers between nodes is encrypted",
        scope="network",
        severity="medium",
        when="driver == 'overlay'",
        actual="encrypted",
        expected={"equals": True},
        remediation="Create the network again with `--opt encrypted`; the ingress network too.",
        rationale="An overlay network is plain VXLAN otherwise, readable to everybody between the nodes.",
        not_applicable="There is no overlay network on this node.",
        references=cis("7.3", "7.3"),
    ),
    Control(
        id="docker.swarm.service_secrets",
        title="Services get secrets from the swarm's own store",
        scope="service",
        severity="high",
        actual="secret_env[].name",
        expected={"empty": True},
        evidence="{env: secret_env, secrets: secrets}",
        remediation="Store each with `docker secret create`, give it to the service with `--secret`, and change it.",
        rationale="The environment of a service is readable to whoever may inspect it, and lies in every crash report.",
        not_applicable="There is no swarm service.",
        references=cis("7.4", "7.4"),
    ),
    Control(
        id="docker.swarm.auto_lock",
        title="A manager that restarts waits for its unlock key",
        scope="swarm",
        severity="medium",
        actual="auto_lock",
        expected={"equals": True},
        remediation="Run `docker swarm update --autolock=true` and keep the key in a safe place.",
        rationale="Without it, a stolen disk of a manager holds the keys of the swarm's log and network in the clear.",
        not_applicable=_NO_SWARM,
        references=cis("7.5", "7.5"),
    ),
    Control(
        id="docker.swarm.unlock_key_rotation",
        title="The unlock key of managers is changed from time to time",
        scope="swarm",
        severity="low",
        when="auto_lock",
        manual="Docker does not record when the unlock key was last changed; look into your own records.",
        not_applicable="Swarm mode is off, or it does not lock its managers, so that there is no unlock key.",
        remediation="Run `docker swarm unlock-key --rotate` on a schedule, and keep the new key in a safe place.",
        references=cis("7.6", "7.6"),
    ),
    Control(
        id="docker.swarm.node_certificates",
        title="Certificates of nodes expire within 90 days",
        scope="swarm",
        severity="medium",
        actual="node_certificate_days",
        expected={"at_most": 90},
        remediation="Run `docker swarm update --cert-expiry 2160h`, or less.",
        rationale="A node's stolen certificate is of use until it expires.",
        not_applicable=_NO_SWARM,
        references=cis("7.7", "7.7"),
    ),
    Control(
        id="docker.swarm.root_ca",
        title="The swarm's root CA is younger than a year",
        scope="swarm",
        severity="low",
        actual="root_ca_age_days",
        expected={"at_most": 365},
        evidence="{since: root_ca_not_before, until: root_ca_not_after, rotating: root_ca_rotation_in_progress}",
        remediation="Run `docker swarm ca --rotate` on a manager.",
        rationale="Docker's root CA is valid for twenty years; who copied its key can make nodes for all that time.",
        not_applicable=_NO_SWARM,
        references=cis("7.8", "7.8"),
    ),
    Control(
        id="docker.swarm.data_path",
        title="Container traffic takes another interface than swarm management",
        scope="swarm",
        severity="low",
        actual="data_path_separate",
        expected={"equals": True},
        evidence="{advertise_address: advertise_address, data_path_address: data_path_address}",
        remediation="Let the node leave, and join again with `--data-path-addr` and an address of the data network.",
        rationale="On one interface, containers can flood or reach what manages the swarm.",
        not_applicable=_NO_SWARM,
        references=cis("7.9", "7.9"),
    ),
)
