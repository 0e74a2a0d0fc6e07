/*
 * Calls whose arguments have names and structs of Linux 6.2 and newer. A tracer is meant to answer
 * each with 0, so that what the kernel would write is what stands in memory already.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef unsigned long long u64;


int main(void) {
  u64 ruleset[7] = {0x18000, 3, 3, 1, 4, 2, 9};
  u64 port[2] = {9, 443};
  u64 info[11] = {0xe5, 77, 5 | 6ull << 32, 7 | 8ull << 32, 9 | 10ull << 32, 11 | 12ull << 32,
                  13 | 14ull << 32, 15 | 256ull << 32, 1 | 11ull << 32, 1, 0xff};
  u64 mounts[2] = {16 | 3ull << 32, 99};
  unsigned char uuid[17] = {16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  char path[129] = "\x08" "ext4/sda";
  u64 params = 5 | 8ull << 32 | 1ull << 48;
  u64 scan[12] = {96, 1, 0x1000, 0x5000, 0x3000, 0, 2, 0, 0, 2, 0x100, 6};
  u64 move[5] = {0x1000, 0x2000, 0x3000, 3, 0x3000};
  u64 poison[4] = {0x1000, 0x2000, 1, 0x2000};
  u64 delegation = 1ull << 32;
  u64 waiters[6] = {1, 0x1000, 2, 3, 0x2000, 0x82};
  u64 stx[32] = {0};
  u64 attribute[2] = {(u64) "text", 4};
  unsigned room = 4;
  int status = 5;

  syscall(444, ruleset, 8, 0);
  syscall(444, ruleset, 16, 2);
  syscall(444, ruleset, 20, 0);
  syscall(444, ruleset, 48, 0);
  syscall(444, ruleset, 56, 0);
  syscall(444, ruleset, 4, 1);
  syscall(445, 3, 2, port, 1);
  syscall(445, 3, 2, 0, 2);
  syscall(446, 3, 0x1f);
  syscall(424, 3, 9, 0, 3);
  syscall(454, 0x1000, 0xffffffff, 1, 0x82);
  syscall(455, 0x1000, 5, 0xffffffff, 6, 0, 1);
  syscall(456, waiters, 0, 1, 2);
  syscall(459, 100, 0, &room, 1);
  syscall(464, -1, "x", 0x100, "user.a", attribute, 16);
  memset(stx, 0, sizeof stx);
  stx[0] = 0x38000;
  stx[20] = 7;
  stx[21] = 512 | 4096ull << 32;
  stx[22] = 1 | 8ull << 32;
  stx[23] = 16;
  syscall(332, -1, "x", 0, 0x3c000, stx);
  syscall(319, "x", 0x19);
  syscall(72, 3, 0x403, 4);
  syscall(72, 3, 0x404, 4);
  syscall(72, 3, 0x40f, &delegation);
  syscall(72, 3, 0x410, &delegation);
  syscall(157, 65, 3, 0, 0, 0);
  syscall(157, 74, &status, 0, 0, 0);
  syscall(157, 75, 5, 0, 0, 0);
  syscall(157, 77, 1, 0, 0, 0);
  syscall(157, 78, 1, 16, 0, 0);
  syscall(322, -1, "x", 0, 0, 0x11000);
  syscall(303, -1, "x", 0, 0, 0x201);
  syscall(16, -1, 0xc058ff0b, info);
  syscall(16, -1, 0x8010b70a, mounts);
  syscall(16, -1, 0x8008b70d, mounts + 1);
  syscall(16, -1, 0x8004b706, 7);
  syscall(16, -1, 0x80111500, uuid);
  syscall(16, -1, 0x80811501, path);
  syscall(16, -1, 0x40088a01, &params);
  syscall(16, -1, 0xc0606610, scan);
  syscall(16, -1, 0xc028aa05, move);
  syscall(16, -1, 0xc020aa08, poison);
  syscall(16, -1, 0xc0606610, 0);
  syscall(16, -1, 0xc0284e82, 0);
  return 0;
}
