/*
 * bpf(2): each command with attributes of all sizes, zero and not, up to the end of memory, and
 * with values that have names. Every call fails, or only asks for ids: bad sizes, bad descriptors.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <linux/bpf.h>
static unsigned char *edge;
static void call(long cmd, void *attr, long size) { syscall(SYS_bpf, cmd, attr, size); }
static unsigned char *at_end(const void *data, size_t size) { return memcpy(edge - size, data, size); }
int main(void) {
  unsigned char *page = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page + 8192, 4096);
  edge = page + 8192;
  unsigned words[64];
  unsigned char zeros[256] = {0};
  for (long cmd = 0; cmd < 32; cmd++) {
    call(cmd, 0, 0); call(cmd, 0, 16); call(cmd, edge, 16); call(cmd, edge-8, 16);
    for (int size = 4; size <= 168; size += 4) {
      memset(words, 0, sizeof words);
      call(cmd, at_end(words, size), size);
      for (int i = 0; i < 64; i++) words[i] = 0xbadc0000u + i;
      call(cmd, at_end(words, size), size);
    }
    call(cmd, at_end(words, 8), 7); call(cmd, at_end(words, 40), 39);
    call(cmd, page, 4096); call(cmd, page, 4097);
    memset(words, 0xff, sizeof words);
    call(cmd, at_end(words, 132), 132);
  }
  union bpf_attr a;
#define SET memset(&a, 0, sizeof a)
#define GO(cmd) for (unsigned s = 8; s <= sizeof a; s += 8) { call(cmd, at_end(&a, s), s); }
  for (unsigned i = 0; i < 48; i++) {
    SET; a.map_type = i; a.key_size = 4; a.map_flags = 4; a.numa_node = i ? i : -1; a.inner_map_fd = -1; strcpy(a.map_name, "abcdefghijklmno"); if (i & 1) a.map_name[15] = 'z'; a.map_ifindex = 1;
    call(0, &a, 48); if (i < 2) GO(0);
    SET; a.map_flags = 1u << (i & 31); a.map_fd = -1; call(0, &a, 48);
    SET; a.map_fd = -1; a.flags = i; call(1, &a, 32); call(2, &a, 32); call(21, &a, 32);
    SET; a.prog_type = i; a.insn_cnt = 2; a.insns = (long)words; a.license = (long)"GPL"; a.log_level = 1; a.log_size = 6; a.log_buf = (long)"log\0buf"; a.kern_version = 0x60102; a.prog_flags = 1u << (i & 7); strcpy(a.prog_name, "prog\n"); a.expected_attach_type = i; a.prog_btf_fd = -1; a.fd_array = 7; a.core_relos = 9; a.core_relo_cnt = 5;
    call(5, &a, 100000); call(5, &a, 72); if (i < 3) GO(5);
    SET; a.target_fd = -1; a.attach_bpf_fd = -1; a.attach_type = i; a.attach_flags = 1u << (i & 7); a.replace_bpf_fd = -1; call(8, &a, 20); call(9, &a, 20);
    SET; a.test.prog_fd = -1; a.test.flags = i; call(10, &a, 80);
    SET; a.map_id = -1; a.open_flags = 1u << (i & 15); call(14, &a, 12); call(13, &a, 12); call(19, &a, 12); call(30, &a, 12);
    SET; a.query.target_fd = -1; a.query.attach_type = i; a.query.query_flags = i; a.query.attach_flags = i; a.query.prog_ids = (long)words; a.query.prog_cnt = i; call(16, &a, 32);
    SET; a.link_create.prog_fd = -1; a.link_create.target_fd = -1; a.link_create.attach_type = i; a.link_create.flags = i; call(28, &a, sizeof a); memset((char *)&a + 16, i, 28); call(28, &a, 16); call(28, &a, 24); call(28, &a, 40); call(28, &a, 48); call(28, &a, 64);
    SET; a.link_update.link_fd = -1; a.link_update.new_prog_fd = -1; a.link_update.flags = i; a.link_update.old_prog_fd = -2; call(29, &a, 16);
    
  }
  struct { unsigned char code, regs; short off; int imm; } insns[] = {{0xb7,0,0,2},{0x95,0x21,-1,-2},{0x61,0xba,2,3},{0xff,0xff,1,1},{0,0,0,0}, {0x85,0,0,5},{0xdb,3,4,5},{0xd4,0x12,3,4},{0x1d,1,2,3},{0x07,1,2,3},{0x16,1,2,3},{0x18,1,2,3},{0xc3,0,0,0}};
  SET; a.prog_type = 1; a.insn_cnt = 13; a.insns = (long)insns; a.license = (long)"not a license, a long text that is shortened"; a.log_level = 1; a.log_size = 40; a.log_buf = (long)"a long log that is shortened, as all else"; call(5, &a, 48+100000*0);
  SET; a.prog_type = 77; a.insn_cnt = 3; a.insns = (long)edge - 16; a.license = (long)edge; call(5, &a, 48);
  SET; a.pathname = (long)"/sys/fs/bpf/foo"; a.bpf_fd = -1; for (int i = 0; i < 20; i++) { a.file_flags = 1u << i; call(6, &a, 16); call(7, &a, 16); } call(6, &a, 12); a.pathname = (long)edge; call(7, &a, 20); a.replace_bpf_fd = 7; call(7, &a, 20);
  SET; a.raw_tracepoint.name = (long)"a tracepoint with a long name, so that it is cut"; a.raw_tracepoint.prog_fd = -1; call(17, &a, 16); call(17, &a, 12); call(17, &a, 8); a.raw_tracepoint.name = (long)edge; call(17, &a, 16);
  SET; a.btf = (long)"a\0b"; a.btf_size = 4; a.btf_log_buf = 7; a.btf_log_size = 8; a.btf_log_level = 9; call(18, &a, 28); call(18, &a, 32);
  SET; a.task_fd_query.pid = 1 << 30; a.task_fd_query.fd = -1; a.task_fd_query.buf_len = 3; a.task_fd_query.buf = (long)"abcd"; for (int i = 0; i < 8; i++) { a.task_fd_query.fd_type = i; call(20, &a, 48); }
  SET; a.batch.keys = 1; a.batch.values = 2; a.batch.map_fd = -1; for (int i = 0; i < 9; i++) { a.batch.elem_flags = i; a.batch.flags = i; a.batch.count = 0; call(24, &a, 56); call(25, &a, 56); call(26, &a, 56); call(27, &a, 56); }
  SET; a.info.bpf_fd = -1; a.info.info_len = 88; a.info.info = (long)words; call(15, &a, 16);
  SET; unsigned iter[3] = {-1, -1, -1}; a.link_create.prog_fd = -1; a.link_create.target_fd = -1; a.link_create.attach_type = BPF_TRACE_ITER; a.link_create.iter_info = (long)iter; a.link_create.iter_info_len = 3; call(28, &a, 28); a.link_create.iter_info = (long)edge - 4; call(28, &a, 32);
  SET; char *syms[] = {"one", "two", 0, (char *)edge}; a.link_create.prog_fd = -1; a.link_create.attach_type = BPF_TRACE_KPROBE_MULTI; a.link_create.kprobe_multi.cnt = 4; a.link_create.kprobe_multi.syms = (long)syms; a.link_create.kprobe_multi.addrs = (long)words; a.link_create.kprobe_multi.cookies = (long)edge - 8; a.link_create.kprobe_multi.flags = 3; call(28, &a, 48);
  return 0;
}
