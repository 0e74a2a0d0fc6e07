/*
 * A program for the i386 ABI without any library: exit(42) by int 0x80. Built by hand, see the
 * test.
 */
void _start(void) {
  __asm__ volatile("int $0x80" : : "a"(1), "b"(42));
  __builtin_unreachable();
}
