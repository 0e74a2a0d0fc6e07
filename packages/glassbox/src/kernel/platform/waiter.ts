/** Who waits for something, and looks again when it is woken. */
export interface Waiter {
  woken(): void
}
