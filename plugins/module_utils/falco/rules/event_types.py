# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event types of Falco's engine (libs 0.23.2), by the number of events in its table that bear the name.

The engine keeps the rules by these events: the more of them a condition leaves possible, the more often it is run.
"""

from __future__ import annotations

_ONE = """
asyncevent cpu_hotplug groupadded groupdeleted infra k8s mesos notification page_fault pluginevent procinfo scapevent
signaldeliver tracer useradded userdeleted
"""
_TWO = """
accept4 access bind capset chdir chmod chown chroot clone3 close connect copy_file_range creat delete_module drop dup2
dup3 epoll_create epoll_create1 epoll_wait eventfd eventfd2 execveat fchdir fchmod fchmodat fchown fchownat fcntl
finit_module flock fsconfig fstat fstat64 futex getcwd getdents getdents64 getegid geteuid getgid getpeername
getresgid getresuid getrlimit getsockname getsockopt getuid init_module inotify_init inotify_init1 io_uring_enter
io_uring_register io_uring_setup kill lchown listen llseek lseek lstat lstat64 memfd_create mkdirat mknod mknodat
mlock mlock2 mlockall mmap mmap2 mount mprotect munlock munlockall munmap nanosleep newfstatat open open_by_handle_at
openat2 pidfd_getfd pidfd_open pipe pipe2 poll ppoll prctl pread preadv prlimit process_vm_readv process_vm_writev
procexit ptrace pwrite pwritev quotactl read readv recv recvfrom recvmmsg recvmsg rename renameat renameat2 seccomp
semctl semget semop send sendfile sendmmsg sendmsg sendto setgid setns setpgid setregid setresgid setresuid setreuid
setrlimit setsid setsockopt setuid shutdown signalfd signalfd4 socket socketpair splice stat stat64 switch symlink
symlinkat syscall tgkill timerfd_create tkill umount2 unshare userfaultfd write writev
"""
_MORE = {
    "NA": 23,
    "accept": 8,
    "bpf": 4,
    "brk": 4,
    "clone": 8,
    "container": 3,
    "dup": 4,
    "execve": 16,
    "fork": 6,
    "ioctl": 4,
    "link": 4,
    "linkat": 4,
    "mkdir": 4,
    "openat": 4,
    "rmdir": 4,
    "select": 4,
    "umount": 4,
    "unlink": 4,
    "unlinkat": 4,
    "vfork": 6,
}
# System calls that have no event of their own: the engine sees them all as the same two events.
_GENERIC = """
_newselect _sysctl acct add_key adjtimex alarm arch_prctl bdflush cachestat capget clock_adjtime clock_getres
clock_gettime clock_nanosleep clock_settime close_range create_module epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2
epoll_wait_old exit exit_group faccessat faccessat2 fadvise64 fallocate fanotify_init fanotify_mark fchmodat2
fdatasync fgetxattr file_getattr file_setattr flistxattr fremovexattr fsetxattr fsmount fsopen fspick fstatat64
fstatfs fstatfs64 fsync ftruncate futex_requeue futex_wait futex_waitv futex_wake futimesat get_kernel_syms
get_mempolicy get_robust_list get_thread_area getcpu getgroups getitimer getpgid getpgrp getpid getpmsg getppid
getpriority getrandom getrusage getsid gettid gettimeofday getxattr getxattrat idle inotify_add_watch inotify_rm_watch
io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit ioperm iopl ioprio_get ioprio_set ipc kcmp
kexec_file_load kexec_load keyctl landlock_add_rule landlock_create_ruleset landlock_restrict_self lgetxattr listmount
listxattr listxattrat llistxattr lookup_dcookie lremovexattr lsetxattr lsm_get_self_attr lsm_list_modules
lsm_set_self_attr madvise map_shadow_stack mbind membarrier memfd_secret migrate_pages mincore modify_ldt
mount_setattr move_mount move_pages mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink mremap
mseal msgctl msgget msgrcv msgsnd msync multiplexer name_to_handle_at nfsservctl nice oldfstat oldlstat oldolduname
oldstat olduname open_tree open_tree_attr pause pciconfig_iobase pciconfig_read pciconfig_write perf_event_open
personality pidfd_send_signal pivot_root pkey_alloc pkey_free pkey_mprotect preadv2 process_madvise process_mrelease
pselect6 pwritev2 query_module quotactl_fd readahead readdir readlink readlinkat reboot remap_file_pages removexattr
removexattrat request_key restart_syscall riscv_flush_icache riscv_hwprobe rseq rt_sigaction rt_sigpending
rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo rtas s390_guarded_storage
s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr s390_sthyi sched_get_priority_max sched_get_priority_min
sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity
sched_setattr sched_setparam sched_setscheduler sched_yield semtimedop set_mempolicy set_mempolicy_home_node
set_robust_list set_thread_area set_tid_address setdomainname setfsgid setfsuid setgroups sethostname setitimer
setpriority settimeofday setxattr setxattrat sgetmask shmat shmctl shmdt shmget sigaction sigaltstack signal
sigpending sigprocmask sigreturn sigsuspend socketcall spu_create spu_run ssetmask statfs statfs64 statmount statx
stime subpage_prot swapcontext swapoff swapon switch_endian sync sync_file_range sync_file_range2 syncfs
sys_debug_setcontext sysfs sysinfo syslog tee time timer_create timer_delete timer_getoverrun timer_gettime
timer_settime timerfd timerfd_gettime timerfd_settime times truncate umask uname unknown uretprobe uselib ustat utime
utimensat utimes vhangup vm86 vmsplice wait4 waitid waitpid
"""

# Event type: how many events of the engine bear the name.
EVENT_COUNTS: dict[str, int] = {**dict.fromkeys(_ONE.split(), 1), **dict.fromkeys(_TWO.split(), 2), **_MORE}
GENERIC_TYPES = frozenset(_GENERIC.split())
EVENT_TYPES = frozenset(EVENT_COUNTS) | GENERIC_TYPES
