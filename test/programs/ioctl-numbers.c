/* Makes an ioctl(2) request of each number that stands, in decimal, on the lines of its first
 * argument's file,
   with its second argument as argument. The descriptor is -1, so that the requests do nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **words) {
    FILE *file = count == 3 ? fopen(words[1], "r") : NULL;
    unsigned number;
    if (file == NULL) return 2;
    while (fscanf(file, "%u", &number) == 1) syscall(SYS_ioctl, -1L, (unsigned long)number, strtoul(words[2], NULL, 0));
    return 0;
}
