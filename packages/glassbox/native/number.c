/* Reads the numbers in texts of /proc and of cgroups. */
#include "init.h"

int parse_number(const char **at, u64 *value) {
  const char *c = *at;
  *value = 0;
  if (*c < '0' || *c > '9') return 0;
  while (*c >= '0' && *c <= '9') *value = *value * 10 + (u64)(*c++ - '0');
  *at = c;
  return 1;
}
