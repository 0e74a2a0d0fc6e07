/*
 * 32 threads: a mutex, a condition variable in turn, a barrier, thread-local storage, and results
 * of pthread_join.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdint.h>

#define THREADS 32
#define ROUNDS 50

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static long counter;
static intptr_t next;
static _Thread_local intptr_t own;

static void *work(void *argument) {
  own = (intptr_t)argument;
  for (int i = 0; i < ROUNDS; i++) {
    pthread_mutex_lock(&lock);
    counter++;
    pthread_mutex_unlock(&lock);
  }
  pthread_barrier_wait(&barrier);
  pthread_mutex_lock(&lock);
  while (next != own) pthread_cond_wait(&turn, &lock);
  printf("thread %ld\n", (long)own);
  next++;
  pthread_cond_broadcast(&turn);
  pthread_mutex_unlock(&lock);
  return (void *)(own * 2);
}

int main(void) {
  pthread_t threads[THREADS];
  long sum = 0;
  pthread_barrier_init(&barrier, 0, THREADS);
  for (intptr_t i = 0; i < THREADS; i++) pthread_create(&threads[i], 0, work, (void *)i);
  for (int i = 0; i < THREADS; i++) {
    void *result;
    pthread_join(threads[i], &result);
    sum += (intptr_t)result;
  }
  printf("%ld %ld\n", counter, sum);
  return 0;
}
