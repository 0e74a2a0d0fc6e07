/* The smallest program that prints: what it was given, and an exit code of its own. */
#include <stdio.h>

int main(int count, char **words) {
  for (int i = 1; i < count; i++) printf("%s\n", words[i]);
  puts("hello");
  return 3;
}
