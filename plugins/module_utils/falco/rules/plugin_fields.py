# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields that Falco's plugins bring, and the sources of events for which they bring them.

Lines are those of core_fields.py. Properties: l a list, a an argument is required, o an argument is allowed, i the
argument may be a number, k the argument may be a key.
"""

from __future__ import annotations

# Plugin: the source whose events it reads the fields of; `*` is every source.
PLUGIN_SOURCES = {
    "k8saudit": "k8s_audit",
    "json": "*",
    "cloudtrail": "aws_cloudtrail",
    "github": "github",
    "okta": "okta",
    "gcpaudit": "gcp_auditlog",
    "container": "syscall",
    "k8smeta": "syscall",
    "krsi": "syscall",
    "dummy": "dummy",
}
# Plugins that bring the events of a source whose fields another plugin reads.
SOURCE_PLUGINS = {
    "k8saudit-eks": "k8s_audit",
    "k8saudit-gke": "k8s_audit",
    "k8saudit-aks": "k8s_audit",
    "k8saudit-ovh": "k8s_audit",
}

# What the plugins add to the event types.
PLUGIN_EVENT_TYPES = {
    "container": "container container_removed",
    "krsi": "krsi_open krsi_socket krsi_connect krsi_symlinkat krsi_linkat krsi_unlinkat krsi_mkdirat krsi_renameat "
    "krsi_bind",
}

PLUGIN_FIELDS = {
    "dummy": """
UINT64: dummy.value!o dummy.divisible!ai
CHARBUF: dummy.strvalue
""",
    "krsi": """
CHARBUF: krsi.name krsi.target krsi.linkpath krsi.path krsi.oldpath krsi.newpath krsi.cip krsi.sip
UINT64: krsi.fd krsi.file_index krsi.flags krsi.mode krsi.dev krsi.ino krsi.domain krsi.type krsi.protocol krsi.iou_ret
  krsi.res krsi.linkdirfd krsi.olddirfd krsi.newdirfd krsi.dirfd krsi.cport krsi.sport
""",
    "k8saudit": """
CHARBUF: ka.auditid ka.stage ka.auth.decision ka.auth.reason ka.auth.openshift.decision
  ka.validations.admission.policy.failure ka.security.pod.violations ka.auth.openshift.username ka.user.name
  ka.user.groups!l ka.impuser.name ka.verb ka.uri ka.uri.param!ak ka.target.name ka.target.namespace
  ka.target.resource ka.target.subresource ka.target.pod.name ka.req.binding.subjects!l
  ka.req.binding.subjects.user_names!l ka.req.binding.subjects.serviceaccount_names!l
  ka.req.binding.subjects.serviceaccount_ns_names!l ka.req.binding.subjects.group_names!l ka.req.binding.role
  ka.req.binding.subject.has_name!ak ka.req.configmap.name ka.req.configmap.obj ka.req.pod.containers.args!loi
  ka.req.pod.containers.command!loi ka.req.pod.containers.name!loi ka.req.pod.containers.image!loi
  ka.req.container.image ka.req.pod.containers.image.repository!loi ka.req.container.image.repository
  ka.req.pod.host_ipc ka.req.pod.host_network ka.req.container.host_network ka.req.pod.host_pid
  ka.req.pod.containers.host_port!loi ka.req.pod.containers.privileged!loi ka.req.container.privileged
  ka.req.pod.containers.allow_privilege_escalation!loi ka.req.pod.containers.read_only_fs!loi ka.req.pod.run_as_user
  ka.req.pod.containers.run_as_user!loi ka.req.pod.containers.eff_run_as_user!loi ka.req.pod.run_as_group
  ka.req.pod.containers.run_as_group!loi ka.req.pod.containers.eff_run_as_group!loi
  ka.req.pod.containers.proc_mount!loi ka.req.role.rules!l ka.req.role.rules.apiGroups!loi
  ka.req.role.rules.nonResourceURLs!loi ka.req.role.rules.verbs!loi ka.req.role.rules.resources!loi
  ka.req.pod.fs_group ka.req.pod.supplemental_groups!l ka.req.pod.containers.add_capabilities!loi ka.req.service.type
  ka.req.service.ports!loi ka.req.pod.volumes.hostpath!loi ka.req.volume.hostpath!ak
  ka.req.pod.volumes.flexvolume_driver!loi ka.req.pod.volumes.volume_type!loi ka.resp.name ka.response.code
  ka.response.reason ka.useragent ka.sourceips!loi ka.cluster.name
  ka.req.pod.initContainers.name!loi ka.req.pod.initContainers.image!loi
  ka.req.pod.initContainers.image.repository!loi ka.req.pod.initContainers.command!loi
  ka.req.pod.initContainers.args!loi ka.req.pod.initContainers.privileged!loi
  ka.req.pod.initContainers.allow_privilege_escalation!loi ka.req.pod.initContainers.read_only_fs!loi
  ka.req.pod.initContainers.run_as_user!loi ka.req.pod.initContainers.eff_run_as_user!loi
  ka.req.pod.initContainers.run_as_group!loi ka.req.pod.initContainers.eff_run_as_group!loi
  ka.req.pod.initContainers.proc_mount!loi ka.req.pod.initContainers.add_capabilities!loi
  ka.req.pod.ephemeralContainers.name!loi ka.req.pod.ephemeralContainers.image!loi
  ka.req.pod.ephemeralContainers.image.repository!loi ka.req.pod.ephemeralContainers.command!loi
  ka.req.pod.ephemeralContainers.args!loi ka.req.pod.ephemeralContainers.privileged!loi
  ka.req.pod.ephemeralContainers.allow_privilege_escalation!loi ka.req.pod.ephemeralContainers.read_only_fs!loi
  ka.req.pod.ephemeralContainers.run_as_user!loi ka.req.pod.ephemeralContainers.eff_run_as_user!loi
  ka.req.pod.ephemeralContainers.run_as_group!loi ka.req.pod.ephemeralContainers.eff_run_as_group!loi
  ka.req.pod.ephemeralContainers.proc_mount!loi ka.req.pod.ephemeralContainers.add_capabilities!loi
  ka.req.pod.initContainers.host_port!loi
""",
    "json": """
CHARBUF: json.value!ak json.obj json.rawtime jevt.value!ak jevt.obj jevt.rawtime
""",
    "cloudtrail": """
CHARBUF: ct.id ct.error ct.errormessage ct.time ct.src ct.shortsrc ct.name ct.user ct.originaluser ct.user.accountid
  ct.user.identitytype ct.user.principalid ct.user.arn ct.region ct.response.subnetid ct.response.reservationid
  ct.response ct.request.availabilityzone ct.request.cluster ct.request.functionname ct.request.groupname
  ct.request.host ct.request.name ct.request.policy ct.request.reason ct.request.target ct.request.documentname
  ct.request.serialnumber ct.request.servicename ct.request.subnetid ct.request.taskdefinition ct.request.username
  ct.request ct.srcip ct.useragent ct.info ct.managementevent ct.readonly ct.requestid ct.eventtype ct.apiversion
  ct.resources ct.recipientaccountid ct.serviceeventdetails ct.sharedeventid ct.vpcendpointid ct.eventcategory
  ct.addendum.reason ct.addendum.updatedfields ct.addendum.originalrequestid ct.addendum.originaleventid
  ct.sessioncredentialfromconsole ct.edgedevicedetails ct.tlsdetails.tlsversion ct.tlsdetails.ciphersuite
  ct.tlsdetails.clientprovidedhostheader ct.additionaleventdata s3.uri s3.bucket s3.key ec2.name ec2.imageid
  ec2.imageids!loi ecr.repository ecr.imagetag iam.role iam.policy
UINT64: s3.bytes s3.bytes.in s3.bytes.out s3.cnt.get s3.cnt.put s3.cnt.other
""",
    "github": """
CHARBUF: github.type github.action github.user github.repo github.repo.url github.repo.name github.repo.description
  github.org github.owner github.repo.public github.collaborator.name github.collaborator.role github.webhook.id
  github.webhook.type github.commit.added github.commit.modified github.commit.removed github.diff.has_secrets
  github.diff.committed_secrets.desc github.diff.committed_secrets.files github.diff.committed_secrets.lines
  github.diff.committed_secrets.links github.workflow.has_miners github.workflow.miners.type github.workflow.filename
""",
    "okta": """
CHARBUF: okta.app okta.behaviors okta.org okta.evt.type okta.evt.legacytype okta.severity okta.message okta.published
  okta.logonlysecuritydata okta.actor.id okta.actor.Type okta.actor.alternateid okta.actor.name okta.client.zone
  okta.client.ip okta.client.device okta.client.id okta.client.geo.city okta.client.geo.state okta.client.geo.country
  okta.client.geo.postalcode okta.client.geo.lat okta.client.geo.lon okta.useragent.os okta.useragent.browser
  okta.useragent.raw okta.result okta.reason okta.transaction.id okta.transaction.type okta.requesturi
  okta.principal.id okta.principal.alternateid okta.principal.type okta.principal.name okta.authentication.step
  okta.authentication.sessionid okta.authentication.provider okta.authentication.credentialprovider
  okta.security.asorg okta.security.isp okta.security.domain okta.security.isproxy okta.target.user.id
  okta.target.user.alternateid okta.target.user.name okta.target.group.id okta.target.group.alternateid
  okta.target.group.name okta.target.app.alternateid okta.targets.displayName!oi
UINT64: okta.security.asnumber okta.mfa.failure.countlast!ai okta.mfa.deny.countlast!ai
""",
    "gcpaudit": """
CHARBUF: gcp.user gcp.callerIP gcp.userAgent gcp.authorizationInfo gcp.serviceName gcp.policyDelta gcp.request
  gcp.methodName gcp.cloudfunctions.function gcp.cloudsql.databaseId gcp.compute.instanceId gcp.compute.networkId
  gcp.compute.subnetwork gcp.compute.subnetworkId gcp.dns.zone gcp.iam.serviceAccount gcp.iam.serviceAccountId
  gcp.location gcp.logging.sink gcp.projectId gcp.resourceName gcp.resourceType gcp.resourceLabels gcp.storage.bucket
  gcp.time
""",
    "container": """
ABSTIME: container.start_ts
BOOL: container.privileged container.host_pid container.host_network container.host_ipc proc.is_container_healthcheck
  proc.is_container_liveness_probe proc.is_container_readiness_probe
CHARBUF: container.id container.full_id container.name container.image container.image.id container.type
  container.mounts container.mount!aik container.mount.source!aik container.mount.dest!aik container.mount.mode!aik
  container.mount.rdwr!aik container.mount.propagation!aik container.image.repository container.image.tag
  container.image.digest container.healthcheck container.liveness_probe container.readiness_probe container.ip
  container.cni.json container.label!ak container.labels k8s.pod.name k8s.ns.name k8s.pod.id k8s.pod.uid
  k8s.pod.sandbox_id k8s.pod.full_sandbox_id k8s.pod.label!ak k8s.pod.labels k8s.pod.ip k8s.pod.cni.json k8s.rc.name
  k8s.rc.id k8s.rc.label!ak k8s.rc.labels k8s.svc.name k8s.svc.id k8s.svc.label!ak k8s.svc.labels k8s.ns.id
  k8s.ns.label!ak k8s.ns.labels k8s.rs.name k8s.rs.id k8s.rs.label!ak k8s.rs.labels k8s.deployment.name
  k8s.deployment.id k8s.deployment.label!ak k8s.deployment.labels
RELTIME: container.duration
""",
    "k8smeta": """
CHARBUF: k8smeta.pod.name k8smeta.pod.uid k8smeta.pod.label!ak k8smeta.pod.labels!l k8smeta.pod.ip k8smeta.ns.name
  k8smeta.ns.uid k8smeta.ns.label!ak k8smeta.ns.labels!l k8smeta.deployment.name k8smeta.deployment.uid
  k8smeta.deployment.label!ak k8smeta.deployment.labels!l k8smeta.svc.name k8smeta.svc.uid k8smeta.svc.label!ak
  k8smeta.svc.labels!l k8smeta.rs.name k8smeta.rs.uid k8smeta.rs.label!ak k8smeta.rs.labels!l k8smeta.rc.name
  k8smeta.rc.uid k8smeta.rc.label!ak k8smeta.rc.labels!l
""",
}
