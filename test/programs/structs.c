/*
 * Fills structs with a pattern of bytes and prints, of each, its bytes and the fields as C sees
 * them: NAME SIZE HEX, then FIELD VALUE lines. The codec must see the same.
 */
#define _GNU_SOURCE
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <linux/btrfs.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/gpio.h>
#include <linux/hdreg.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <linux/loop.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/perf_event.h>
#include <linux/ptp_clock.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <linux/videodev2.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <fcntl.h>
#include <time.h>

static void fill(const char *name, unsigned char *bytes, size_t size) {
  printf("%s %zu ", name, size);
  for (size_t i = 0; i < size; i++) {
    bytes[i] = (unsigned char)(i * 37 + 11);
    printf("%02x", bytes[i]);
  }
  puts("");
}

#define STRUCT(name, type) \
  {                        \
    type v;                \
    fill(name, (unsigned char *)&v, sizeof v);
#define FIELD(name, member) printf(" %s %lld\n", name, (long long)v.member);
#define F(member) FIELD(#member, member)
#define END }

int main(void) {
  STRUCT("timespec", struct timespec) F(tv_sec) F(tv_nsec) END
  STRUCT("timeval", struct timeval) F(tv_sec) F(tv_usec) END
  STRUCT("itimerspec", struct itimerspec) FIELD("it_interval.tv_sec", it_interval.tv_sec)
    FIELD("it_value.tv_nsec", it_value.tv_nsec) END
  STRUCT("rlimit", struct rlimit) F(rlim_cur) F(rlim_max) END
  STRUCT("rusage", struct rusage) FIELD("ru_stime.tv_usec", ru_stime.tv_usec) F(ru_maxrss) F(ru_minflt)
    F(ru_inblock) F(ru_nivcsw) END
  STRUCT("sysinfo", struct sysinfo) F(uptime) F(totalram) F(procs) F(freehigh) F(mem_unit) END
  STRUCT("tms", struct tms) F(tms_utime) F(tms_cstime) END
  STRUCT("timex", struct timex) F(modes) F(offset) F(status) F(tolerance) FIELD("time.tv_sec", time.tv_sec)
    F(shift) F(stbcnt) F(tai) END
  STRUCT("stat", struct stat) F(st_dev) F(st_ino) F(st_mode) F(st_nlink) F(st_uid) F(st_gid) F(st_rdev)
    F(st_size) F(st_blksize) F(st_blocks) FIELD("st_mtime", st_mtim.tv_sec)
    FIELD("st_ctime_nsec", st_ctim.tv_nsec) END
  STRUCT("statx", struct statx) F(stx_mask) F(stx_nlink) F(stx_mode) F(stx_ino) F(stx_attributes_mask)
    FIELD("stx_btime.tv_sec", stx_btime.tv_sec) FIELD("stx_mtime.tv_nsec", stx_mtime.tv_nsec)
    F(stx_dev_minor) F(stx_mnt_id) END
  STRUCT("statfs", struct statfs) F(f_type) F(f_bsize) F(f_ffree) F(f_namelen) F(f_flags) END
  STRUCT("flock", struct flock) F(l_type) F(l_whence) F(l_start) F(l_len) F(l_pid) END
  STRUCT("pollfd", struct pollfd) F(fd) F(events) F(revents) END
  STRUCT("epoll_event", struct epoll_event) F(events) FIELD("data", data.u64) END
  STRUCT("iovec", struct iovec) F(iov_base) F(iov_len) END
  STRUCT("msghdr", struct msghdr) F(msg_name) F(msg_namelen) F(msg_iov) F(msg_control) F(msg_flags) END
  STRUCT("winsize", struct winsize) F(ws_row) F(ws_col) F(ws_ypixel) END
  STRUCT("stack_t", stack_t) F(ss_sp) F(ss_flags) F(ss_size) END
  STRUCT("siginfo_child", siginfo_t) F(si_signo) F(si_errno) F(si_code) F(si_pid) F(si_uid) F(si_status)
    F(si_utime) F(si_stime) END
  STRUCT("siginfo_timer", siginfo_t) FIELD("si_timerid", si_timerid) F(si_overrun) F(si_ptr) END
  STRUCT("siginfo_bounds", siginfo_t) F(si_addr) F(si_lower) F(si_upper) END
  STRUCT("siginfo_poll", siginfo_t) F(si_band) F(si_fd) END
  STRUCT("siginfo_sys", siginfo_t) F(si_call_addr) F(si_syscall) F(si_arch) END
  STRUCT("sigevent", struct sigevent) FIELD("sival_ptr", sigev_value.sival_ptr) F(sigev_signo)
    F(sigev_notify) END
  STRUCT("sockaddr_in", struct sockaddr_in) FIELD("sa_family", sin_family) F(sin_port)
    FIELD("sin_addr", sin_addr.s_addr) END
  STRUCT("sockaddr_in6", struct sockaddr_in6) F(sin6_port) F(sin6_flowinfo) F(sin6_scope_id) END
  STRUCT("sockaddr_nl", struct sockaddr_nl) F(nl_pid) F(nl_groups) END
  STRUCT("sockaddr_ll", struct sockaddr_ll) F(sll_protocol) F(sll_ifindex) F(sll_hatype) F(sll_pkttype)
    F(sll_halen) END
  STRUCT("nlmsghdr", struct nlmsghdr) F(nlmsg_len) F(nlmsg_type) F(nlmsg_seq) F(nlmsg_pid) END
  STRUCT("ucred", struct ucred) F(pid) F(uid) F(gid) END
  STRUCT("clone_args", struct clone_args) F(flags) F(exit_signal) F(set_tid_size) F(cgroup) END
  STRUCT("open_how", struct open_how) F(flags) F(mode) F(resolve) END
  STRUCT("iocb", struct iocb) F(aio_data) F(aio_key) F(aio_lio_opcode) F(aio_fildes) F(aio_offset) F(aio_resfd) END
  STRUCT("io_event", struct io_event) F(data) F(obj) F(res) F(res2) END
  STRUCT("io_uring_params", struct io_uring_params) F(sq_entries) F(flags) F(features) F(wq_fd)
    FIELD("sq_off.array", sq_off.array) FIELD("cq_off.cqes", cq_off.cqes) END
  STRUCT("perf_event_attr", struct perf_event_attr) F(type) F(size) F(config) F(read_format) F(disabled)
    F(freq) F(precise_ip) F(mmap2) F(ksymbol) F(build_id) F(wakeup_events) F(clockid) F(aux_sample_size) END
  STRUCT("sock_filter", struct sock_filter) F(code) F(jt) F(jf) F(k) END
  STRUCT("futex_waitv", struct futex_waitv) F(val) F(uaddr) F(flags) END
  STRUCT("msqid_ds", struct msqid_ds) FIELD("msg_perm.uid", msg_perm.uid) F(msg_qnum) F(msg_lspid) END
  STRUCT("shmid_ds", struct shmid_ds) F(shm_segsz) F(shm_cpid) F(shm_nattch) END
  STRUCT("sembuf", struct sembuf) F(sem_num) F(sem_op) F(sem_flg) END
  // Requests, bpf(2), netlink: structs of shapes.txt.
  STRUCT("hd_geometry", struct hd_geometry) F(heads) F(sectors) F(cylinders) F(start) END
  STRUCT("fstrim_range", struct fstrim_range) F(start) F(len) F(minlen) END
  STRUCT("file_clone_range", struct file_clone_range) F(src_fd) F(src_offset) F(src_length) F(dest_offset) END
  STRUCT("loop_info64", struct loop_info64) F(lo_device) F(lo_offset) F(lo_number) F(lo_flags) END
  STRUCT("gpioline", struct gpioline_info) F(line_offset) F(flags) END
  STRUCT("gpio_v2_values", struct gpio_v2_line_values) F(bits) F(mask) END
  STRUCT("ptp_clock_time", struct ptp_clock_time) F(sec) F(nsec) F(reserved) END
  STRUCT("ptp_caps", struct ptp_clock_caps) F(max_adj) F(pps) F(adjust_phase) END
  STRUCT("seccomp_notif", struct seccomp_notif) F(id) F(pid) F(flags) FIELD("data.nr", data.nr)
    FIELD("data.instruction_pointer", data.instruction_pointer) END
  STRUCT("seccomp_addfd", struct seccomp_notif_addfd) F(id) F(srcfd) F(newfd) F(newfd_flags) END
  STRUCT("uffd_register", struct uffdio_register) FIELD("range.start", range.start) F(mode) F(ioctls) END
  STRUCT("v4l2_rect", struct v4l2_rect) F(left) F(top) F(width) F(height) END
  STRUCT("v4l2_pix", struct v4l2_pix_format) F(width) F(pixelformat) F(sizeimage) F(colorspace) END
  STRUCT("btrfs_defrag", struct btrfs_ioctl_defrag_range_args) F(start) F(flags) F(compress_type) END
  STRUCT("bpf_map_lookup", union bpf_attr) F(map_fd) F(key) F(value) F(flags) END
  STRUCT("bpf_prog_attach", union bpf_attr) F(target_fd) F(attach_bpf_fd) F(attach_type) F(replace_bpf_fd) END
  STRUCT("bpf_link_detach", union bpf_attr) FIELD("link_fd", link_detach.link_fd) END
  STRUCT("uring_probe_op", struct io_uring_probe_op) F(op) F(resv) F(flags) F(resv2) END
  STRUCT("ifinfomsg", struct ifinfomsg) F(ifi_family) F(ifi_type) F(ifi_index) F(ifi_change) END
  STRUCT("rtmsg", struct rtmsg) F(rtm_dst_len) F(rtm_table) F(rtm_scope) F(rtm_type) F(rtm_flags) END
  STRUCT("rtnexthop", struct rtnexthop) F(rtnh_len) F(rtnh_flags) F(rtnh_hops) F(rtnh_ifindex) END
  STRUCT("rtnl_link_stats64", struct rtnl_link_stats64) F(rx_packets) F(collisions) F(rx_nohandler) END
  return 0;
}
