/*
 * Threads: 32 of them with mutexes, condition variables, barriers; robust mutexes; exec and exit.
 */
#define _GNU_SOURCE
#include "task-report.h"
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define THREADS 32
#define ROUNDS 50

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, turnLock = PTHREAD_MUTEX_INITIALIZER, robust;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_rwlock_t shared = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t semaphore;
static long sum, turn, initialised, readers;
static __thread long own;
static volatile int signals;

static void initialise(void) { initialised++; }
static void handle(int signal) { signals++; }

static void *work(void *argument) {
  long id = (long)argument;
  pthread_once(&once, initialise);
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < ROUNDS; i++) {
    pthread_mutex_lock(&lock);
    sum += id;
    own++;
    pthread_mutex_unlock(&lock);
    pthread_rwlock_rdlock(&shared);
    readers += 0;
    pthread_rwlock_unlock(&shared);
  }
  pthread_mutex_lock(&turnLock);
  while (turn != id) pthread_cond_wait(&turned, &turnLock);
  turn++;
  pthread_cond_broadcast(&turned);
  pthread_mutex_unlock(&turnLock);
  sem_post(&semaphore);
  return (void *)own;
}

static void *dies(void *argument) {
  pthread_mutex_lock(&robust);
  return 0;
}

static void *sleeps(void *argument) {
  for (;;) pause();
  return 0;
}

static void *leaves(void *argument) {
  char *args[] = {"task-threads", "executed", 0};
  execv((char *)argument, args);
  return 0;
}

static int in_child(void (*act)(void *), void *argument) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    act(argument);
    for (;;) pause();
  }
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void exec_of_another(void *self) {
  pthread_t one, two;
  pthread_create(&one, 0, sleeps, 0);
  pthread_create(&two, 0, leaves, self);
}

static void exit_of_another(void *unused) {
  pthread_t one;
  pthread_create(&one, 0, sleeps, 0);
  pthread_create(&one, 0, (void *(*)(void *))_exit, (void *)33);
}

static void first_leaves(void *unused) {
  pthread_t one;
  pthread_create(&one, 0, (void *(*)(void *))usleep, (void *)20000);
  pthread_exit(0);
}

static void death_of_all(void *unused) {
  pthread_t one;
  pthread_create(&one, 0, sleeps, 0);
  pthread_kill(one, SIGTERM);
}

int main(int count, char **args) {
  if (count > 1) {
    printf("executed: tid is pid %d\n", getpid() == syscall(SYS_gettid));
    return 44;
  }
  pthread_t threads[THREADS];
  long own_sum = 0;
  pthread_barrier_init(&barrier, 0, THREADS);
  sem_init(&semaphore, 0, 0);
  for (long i = 0; i < THREADS; i++) pthread_create(&threads[i], 0, work, (void *)i);
  for (int i = 0; i < THREADS; i++) sem_wait(&semaphore);
  for (int i = 0; i < THREADS; i++) {
    void *result;
    pthread_join(threads[i], &result);
    own_sum += (long)result;
  }
  printf("sum %ld turns %ld own %ld once %ld\n", sum, turn, own_sum, initialised);

  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&robust, &attributes);
  pthread_create(&threads[0], 0, dies, 0);
  pthread_join(threads[0], 0);
  printf("robust: %s\n", strerrorname_np(pthread_mutex_lock(&robust)));
  printf("consistent: %d\n", pthread_mutex_consistent(&robust));
  pthread_mutex_unlock(&robust);

  pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_STALLED);
  pthread_mutex_t inherit;
  pthread_mutex_init(&inherit, &attributes);
  int locked = pthread_mutex_lock(&inherit), tried = pthread_mutex_trylock(&inherit);
  printf("priority: %d %s %d\n", locked, strerrorname_np(tried), pthread_mutex_unlock(&inherit));

  struct timespec soon;
  clock_gettime(CLOCK_REALTIME, &soon);
  soon.tv_nsec += 20000000;
  if (soon.tv_nsec >= 1000000000) soon.tv_sec++, soon.tv_nsec -= 1000000000;
  pthread_mutex_lock(&turnLock);
  printf("timedwait: %s\n", strerrorname_np(pthread_cond_timedwait(&turned, &turnLock, &soon)));
  pthread_mutex_unlock(&turnLock);
  pthread_mutex_lock(&lock);
  printf("timedlock: %s\n", strerrorname_np(pthread_mutex_timedlock(&lock, &soon)));

  signal(SIGUSR1, handle);
  pthread_create(&threads[0], 0, sleeps, 0);
  pthread_kill(threads[0], SIGUSR1);
  while (!signals) sched_yield();
  printf("signal of a thread: %d\n", signals);
  pthread_cancel(threads[0]);
  void *result;
  pthread_join(threads[0], &result);
  printf("cancelled: %d\n", result == PTHREAD_CANCELED);
  fflush(stdout);

  printf("exec of another thread: %d\n", in_child(exec_of_another, args[0]));
  printf("exit of another thread: %d\n", in_child(exit_of_another, 0));
  printf("the first one leaves: %d\n", in_child(first_leaves, 0));
  printf("a signal ends all: %d\n", in_child(death_of_all, 0));
  return 0;
}
