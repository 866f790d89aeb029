# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of Falco's own engine (libs 0.23.2, Falco 0.43.1), and the arguments of its events.

A line begins with a type and names the fields that have it. After a `!` stand a field's properties: f only in
conditions, p only in outputs, r not comparable with another field, t takes no transformer, l a list, d deprecated,
h not listed by Falco.
"""

from __future__ import annotations

CORE_FIELDS = """
ABSTIME: evt.rawtime evt.rawtime.s evt.rawtime.ns proc.exe_ino.ctime proc.exe_ino.mtime
  proc.exe_ino.ctime_duration_proc_start proc.exe_ino.ctime_duration_pidns_start
BOOL: evt.is_async evt.failed evt.is_io evt.is_io_read evt.is_io_write evt.is_wait evt.is_syslog evt.is_open_read
  evt.is_open_write evt.is_open_exec evt.is_open_create proc.is_exe_writable proc.is_exe_upper_layer
  proc.is_exe_lower_layer proc.is_exe_from_memfd proc.is_sid_leader proc.is_vpgid_leader proc.is_pgid_leader
  thread.ismain fd.is_server fd.connected fd.name_changed fd.is_upper_layer fd.is_lower_layer
BYTEBUF: evt.buffer
CHARBUF: evt.time evt.time.s evt.time.iso8601 evt.datetime evt.datetime.s evt.pluginname evt.plugininfo evt.source
  evt.asynctype evt.hostname evt.latency.human!d evt.outputtime!p evt.dir!d evt.type syscall.type evt.category
  evt.args evt.arg evt.info evt.res evt.io_dir evt.abspath evt.infra.docker.name!h evt.infra.docker.container.id!h
  evt.infra.docker.container.name!h evt.infra.docker.container.image!h proc.exe proc.pexe proc.aexe!rt proc.exepath
  proc.pexepath proc.aexepath!rt proc.name proc.pname proc.aname!rt proc.args proc.aargs proc.cmdline proc.pcmdline
  proc.acmdline!rt proc.exeline proc.env proc.aenv!rt proc.cwd proc.sname proc.sid.exe proc.sid.exepath
  proc.vpgid.name proc.vpgid.exe proc.vpgid.exepath proc.pgid.name proc.pgid.exe proc.pgid.exepath
  thread.cap_permitted thread.cap_inheritable thread.cap_effective thread.nametid!h thread.cgroups thread.cgroup
  proc.stdin.type proc.stdout.type proc.stderr.type proc.stdin.name proc.stdout.name proc.stderr.name user.name
  user.homedir user.shell user.loginname group.name fd.type fd.typechar fd.name fd.directory fd.filename fd.l4proto
  fd.sockfamily fd.uid fd.containername fd.containerdirectory fd.cproto fd.sproto fd.lproto fd.rproto fd.cip.name!rt
  fd.sip.name!rt fd.lip.name!rt fd.rip.name!rt fd.nameraw fd.types!lr fs.path.name fs.path.nameraw fs.path.source
  fs.path.sourceraw fs.path.target fs.path.targetraw fdlist.nums fdlist.names fdlist.cips fdlist.sips fdlist.cports
  fdlist.sports
DOUBLE: proc.fdusage thread.cpu thread.cpu.user thread.cpu.system
DYN: evt.rawarg!rt
INT16: evt.cpu
INT32: fd.dev fd.dev.major fd.dev.minor
INT64: evt.rawres proc.loginshellid proc.pid proc.ppid proc.apid!rt proc.vpid proc.pvpid proc.sid proc.vpgid proc.pgid
  proc.exe_ino proc.fdlimit thread.tid thread.vtid user.loginuid fd.num fd.ino
IPADDR: fd.ip!frt fd.cip fd.sip fd.lip fd.rip
IPNET: fd.net!frt fd.cnet!frt fd.snet!frt fd.lnet!frt fd.rnet!frt
PORT: fd.port!frt fd.cport fd.sport fd.lport fd.rport fd.proto!frt
RELTIME: evt.reltime evt.reltime.s evt.reltime.ns evt.latency!d evt.latency.s!d evt.latency.ns!d evt.deltatime
  evt.deltatime.s evt.deltatime.ns evt.wait_latency!d proc.duration proc.ppid.duration proc.pid.ts proc.ppid.ts
  thread.exectime thread.totexectime
UINT32: evt.type.is evt.count evt.count.error evt.count.error.file evt.count.error.net evt.count.error.memory
  evt.count.error.other evt.count.exit evt.count.procinfo!h evt.count.threadinfo!h proc.tty user.uid group.gid
UINT64: evt.num evt.latency.quantized!hd evt.buflen evt.buflen.in!h evt.buflen.out!h evt.buflen.file!h
  evt.buflen.file.in!h evt.buflen.file.out!h evt.buflen.net!h evt.buflen.net.in!h evt.buflen.net.out!h proc.cmdnargs
  proc.cmdlenargs proc.pidns_init_start_ts proc.fdopencount proc.vmsize proc.vmrss proc.vmswap thread.pfmajor
  thread.pfminor proc.nthreads proc.nchilds thread.vmsize thread.vmrss thread.vmsize.b!h thread.vmrss.b!h util.cnt
  evt.around!frt
"""

# What may stand in evt.arg.NAME and evt.rawarg.NAME, by the type that evt.rawarg then has.
EVENT_ARGUMENTS = """
ABSTIME: exe_ino_ctime exe_ino_mtime
BYTEBUF: data args msgcontrol env cgroups value_bytebuf img
CHARBUF: exe cwd target special quotafilepath comm image json desc description scope home shell container_id
  value_charbuf arg2_str uargs
CHARBUFARRAY: tags
DYN: val res_or_fd
ENUMFLAGS16: opcode
ENUMFLAGS32: domain option
ENUMFLAGS8: how level optname whence resource cmd
ERRNO: res maxevents status ret
FD: fd fd1 fd2 dirfd olddir newdir fd_in fd_out olddirfd newdirfd linkdirfd out_fd in_fd fdin fdout mountfd oldfd
  newfd pid_fd target_fd
FDLIST: fds
FLAGS16: creat_flags op sem_flg_0 sem_flg_1
FLAGS32: flags prot nstype operation semflg error resolve features
FLAGS8: quota_fmt dqi_flags quota_fmt_out
FSPATH: name path oldpath newpath linkpath dir filename trusted_exepath
FSRELPATH: pathname
GID: rgid egid sgid
INT16: sem_op_0 sem_op_1
INT32: backlog semid semnum key nsems tty aux
INT64: timeout cur max newcur newmax oldcur oldmax arg2_int
PID: tid pid ptid next reaper_tid vtid vpid spid dpid vpgid pgid
RELTIME: interval dqb_btime dqb_itime dqi_bgrace dqi_igrace
SIGSET: sigmask
SIGTYPE: sig
SOCKADDR: addr
SOCKTUPLE: tuple
SYSCALLID: ID
UID: ruid euid suid loginuid
UINT16: nativeID sem_num_0 sem_num_1
UINT32: mode dev size uid gid type proto optlen mask ratio vm_size vm_rss vm_swap id event_type cpu action queuelen
  queuemax nsops plugin_id entries sq_entries cq_entries sq_thread_cpu sq_thread_idle to_submit min_complete nr_args
UINT64: ino fdlimit source peer initval offset request pos pgft_maj pgft_min length pgoffset argument dqb_bhardlimit
  dqb_bsoftlimit dqb_curspace dqb_ihardlimit dqb_isoftlimit event_data pidns_init_start_ts cpu_usr cpu_sys ip
  cap_inheritable cap_permitted cap_effective exe_ino offin len offout arg
UINT8: queuepct clockid core
"""
