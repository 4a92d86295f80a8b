"""System calls by what they are for, and whether a container with Docker's default capabilities may make them. Pure.

The names are the kernel's, of all its architectures and word sizes; a runtime passes over those that its libseccomp
does not know. Which are refused is what Docker's documentation says ("Seccomp security profiles for Docker").
"""

from __future__ import annotations

_FILES = """
access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync flock fstat
fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd getdents getdents64 ioctl lchown
lchown32 link linkat _llseek lseek lstat lstat64 mkdir mkdirat mknod mknodat name_to_handle_at newfstatat open openat
openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv rename renameat
renameat2 rmdir sendfile sendfile64 splice stat stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range
syncfs tee truncate truncate64 umask unlink unlinkat utime utimensat utimensat_time64 utimes vmsplice write writev
chroot listmount statmount
fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat llistxattr lremovexattr
lsetxattr removexattr removexattrat setxattr setxattrat
fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch
"""
_WAITING = """
epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2
io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit _newselect pipe pipe2 poll ppoll
ppoll_time64 pselect6 pselect6_time64 select signalfd signalfd4 timerfd_create timerfd_gettime timerfd_gettime64
timerfd_settime timerfd_settime64
"""
_MEMORY = """
brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2
mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease
remap_file_pages
"""
_PROCESSES = """
capget capset execve execveat exit exit_group fork getcpu getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups
getgroups32 getpgid getpgrp getpid getppid getpriority getresgid getresgid32 getresuid getresuid32 getrlimit getrusage
getsid gettid getuid getuid32 get_robust_list get_thread_area ioprio_get ioprio_set landlock_add_rule
landlock_create_ruleset landlock_restrict_self pidfd_open pidfd_send_signal prctl prlimit64 rseq seccomp setfsgid
setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setpgid setpriority setregid setregid32 setresgid
setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid setuid setuid32 set_robust_list set_thread_area
set_tid_address sysinfo times ugetrlimit uname vfork wait4 waitid waitpid
futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake
sched_getaffinity sched_getattr sched_getparam sched_get_priority_max sched_get_priority_min sched_getscheduler
sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler
sched_yield
process_vm_readv process_vm_writev ptrace
"""
_SIGNALS = """
alarm getitimer kill pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo setitimer sigaltstack sigprocmask sigreturn
tgkill tkill uretprobe
"""
_TIME = """
adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
clock_nanosleep_time64 getrandom gettimeofday nanosleep time timer_create timer_delete timer_getoverrun timer_gettime
timer_gettime64 timer_settime timer_settime64
"""
_TALKING = """
accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 recvmsg
send sendmmsg sendmsg sendto setsockopt shutdown socketpair
ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink
msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget
"""
ALLOWED = tuple(" ".join((_FILES, _WAITING, _MEMORY, _PROCESSES, _SIGNALS, _TIME, _TALKING)).split())
"""Those that any program may make, whatever their arguments."""

OF_MACHINE = {
    "x86_64": ("arch_prctl", "modify_ldt"),
    "aarch64": ("arm_fadvise64_64", "arm_sync_file_range", "breakpoint", "cacheflush", "set_tls", "sync_file_range2"),
}
"""Those of one architecture, as the kernel calls it, and of the 32-bit one that it runs, too."""

_MOUNTS = """
fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_by_handle_at open_tree pivot_root setns umount
umount2 unshare quotactl quotactl_fd swapoff swapon sethostname setdomainname fanotify_init lookup_dcookie
"""
_KERNEL = """
acct bpf clock_settime clock_settime64 create_module delete_module finit_module get_kernel_syms init_module ioperm iopl
kexec_file_load kexec_load nfsservctl perf_event_open query_module reboot settimeofday stime _sysctl sysfs syslog uselib
userfaultfd ustat vhangup vm86 vm86old bdflush afs_syscall getpmsg putpmsg security tuxcall vserver
"""
_OTHERS = """
add_key get_mempolicy io_uring_enter io_uring_register io_uring_setup kcmp keyctl mbind migrate_pages move_pages
pidfd_getfd process_madvise request_key set_mempolicy set_mempolicy_home_node
"""
_OLD = """
break ftime gtty idle lock mpx nice oldfstat oldlstat oldolduname oldstat olduname prof profil readdir sgetmask
sigaction signal sigpending sigsuspend ssetmask stty ulimit
socketcall
"""
REFUSED = tuple(" ".join((_MOUNTS, _KERNEL, _OTHERS, _OLD)).split())
"""Those that none may: of mounts and namespaces, of the kernel itself, of keys and of other processes' memory."""
