/*
 * io_uring_register(2) on no ring, with every operation that strace 6.1 knows, and
 * io_uring_setup(2) and io_uring_enter(2): structs of all sizes, up to the end of memory.
 */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <linux/io_uring.h>
static char *edge;
static void reg(long op, const void *arg, long n) { syscall(SYS_io_uring_register, -1, op, arg, n); }
static void *at_end(const void *data, size_t size) { return memcpy(edge - size, data, size); }
int main(void) {
  char *page = mmap(0, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page + 3 * 4096, 4096);
  edge = page + 3 * 4096;
  unsigned words[64];
  for (long op = 0; op < 24; op++) {
    reg(op, 0, 0); reg(op, 0, 1); reg(op, edge, 1); if (op != 19) reg(op, edge, 0);
    reg(op, (void *)7, 3);
    for (int n = op == 19; n < 4; n++) {
      memset(words, 0, sizeof words);
      reg(op, at_end(words, sizeof words), n);
      for (int i = 0; i < 64; i++) words[i] = i + 1;
      reg(op, at_end(words, sizeof words), n);
      for (int i = 0; i < 64; i++) words[i] = 0xbadc0000 + i;
      reg(op, at_end(words, sizeof words), n);
    }
    memset(words, 0xff, sizeof words);
    for (int n = 1; n < 72; n += 5) reg(op, at_end(words, sizeof words), n);
    for (int n = 4; n < 40; n += 4) reg(op, at_end(words, n), n);
    for (int n = 4; n < 72; n += 4) reg(op, at_end(words, n), 1);
  }
  int fds[] = {1, -1, -2, 5, 0};
  struct iovec v[] = {{(void *)1, 2}, {0, 0}, {(void *)3, 99999999999}, {fds, 4}};
  reg(2, fds, 5); reg(4, fds, 1); reg(7, fds, 1); reg(0, v, 4); reg(2, at_end(fds, 20), 9);
  struct io_uring_files_update fu = {7, 0, (long)fds}; reg(6, &fu, 5); fu.resv = 3; reg(6, &fu, 3);
  struct io_uring_rsrc_register rr = {4, 0, 0, (long)fds, (long)v};
  for (unsigned f = 0; f < 4; f++) { *((unsigned *)&rr + 1) = f; rr.data = (long)fds; reg(13, &rr, 32); rr.data = (long)v; reg(15, &rr, 32); reg(15, &rr, 40); rr.resv2 = f; }
  struct io_uring_rsrc_update2 ru = {4, 0, (long)fds, (long)v, 3, 0}; reg(14, &ru, 32); ru.data = (long)v; reg(16, &ru, 32); ru.resv2 = 9; reg(16, &ru, 32);
  struct io_uring_restriction r[40]; memset(r, 0, sizeof r);
  for (int i = 0; i < 40; i++) { r[i].opcode = i % 5; r[i].register_op = i % 5 ? i : i % 24; r[i].resv = i == 7; r[i].resv2[1] = i == 9; }
  reg(11, r, 30); reg(11, r, 3); reg(11, r + 30, 10); reg(11, edge - 24, 3);
  struct { struct io_uring_probe p; struct io_uring_probe_op ops[64]; } pr; memset(&pr, 0, sizeof pr);
  reg(8, &pr, 60); reg(8, &pr, 300); pr.p.last_op = 30; pr.p.ops_len = 5; pr.p.resv = 1; pr.p.resv2[2] = 4; for (int i = 0; i < 40; i++) { pr.ops[i].op = i; pr.ops[i].flags = i; pr.ops[i].resv = i == 2; pr.ops[i].resv2 = i == 3; } reg(8, &pr, 40); reg(8, &pr, 3);
  unsigned w[4] = {1, 2, 3, 4}; reg(19, w, 2); reg(19, w, 4); reg(19, w, 1);
  unsigned long mask[4] = {5, 0, 1ul << 63, 1}; reg(17, mask, 8); reg(17, mask, 32); reg(17, mask, 3); reg(17, mask, 0);
  struct io_uring_rsrc_update ring[3] = {{-1, 0, 3}, {2, 1, -1}, {0, 0, 0}}; reg(20, ring, 3); reg(21, ring, 3);
  struct io_uring_buf_reg b = {0x1234, 8, 3, 0, {0}}; reg(22, &b, 1); reg(23, &b, 1); b.pad = 3; b.resv[1] = 4; reg(22, &b, 1); reg(22, &b, 2);
  struct io_uring_params p;
  for (int i = 0; i < 20; i++) { memset(&p, 0, sizeof p); p.flags = (1u << i) | (i & 1 ? 0x20 : 0); p.sq_entries = i; p.cq_entries = 3; p.sq_thread_cpu = 4; p.sq_thread_idle = 5; p.wq_fd = -1; if (i == 3) p.resv[1] = 7; if (i > 12 || i==3) syscall(SYS_io_uring_setup, 0, &p); syscall(SYS_io_uring_setup, 99999999, &p); }
  syscall(SYS_io_uring_setup, 1, 0); syscall(SYS_io_uring_setup, 1, edge); syscall(SYS_io_uring_setup, 1, edge - 8);
  memset(&p, 0, sizeof p); syscall(SYS_io_uring_setup, 2, &p);
  for (int f = 0; f < 64; f++) syscall(SYS_io_uring_enter, -1, 1, 2, f, 0, 0); syscall(SYS_io_uring_enter, -1, 1, 2, 0, mask, 8); syscall(SYS_io_uring_enter, -1, 1, 2, 8, mask, 24); syscall(SYS_io_uring_enter, -1, -1, -1, -1, mask, 8);
  return 0;
}
