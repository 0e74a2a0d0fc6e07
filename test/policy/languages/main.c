/* Threads, files, time, memory and a child: what ordinary programs of C do. Prints "ok". */
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void *work(void *unused) {
  (void)unused;
  usleep(1000);
  free(malloc(100));
  return NULL;
}

int main(void) {
  setlocale(LC_ALL, "");
  pthread_t threads[4];
  for (int i = 0; i < 4; i++)
    if (pthread_create(&threads[i], NULL, work, NULL)) return 1;
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);

  FILE *file = fopen("c.txt", "w");
  if (!file || fprintf(file, "text\n") < 0 || fclose(file)) return 2;
  char line[8] = "";
  file = fopen("c.txt", "r");
  if (!file || !fgets(line, sizeof line, file) || strcmp(line, "text\n")) return 3;
  fclose(file);
  if (remove("c.txt")) return 4;

  time_t now = time(NULL);
  if (!localtime(&now)) return 5;
  nanosleep(&(struct timespec){0, 1000}, NULL);
  char *large = malloc(50 << 20);
  if (!large) return 6;
  memset(large, 1, 50 << 20);
  free(large);

  pid_t child = fork();
  if (child == 0) _exit(3);
  int status;
  if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 3) return 7;
  puts("ok");
  return 0;
}
