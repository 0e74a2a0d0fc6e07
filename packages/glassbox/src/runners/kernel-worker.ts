/**
 * Where the bundle of the kernel runner's worker is. The path is relative to the folder above, and
 * bundles are as deep as this file, so it is right in them too.
 */
export const KERNEL_WORKER: URL = new URL('../library/kernel-worker.cjs', import.meta.url)
