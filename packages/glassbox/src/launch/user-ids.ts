/**
 * The user ids that glassbox gives to programs if it is root. They are above the ranges that
 * distributions and systemd hand out (systemd.io/UIDS-GIDS), and below 2^31. The first 2^22 belong
 * to boxes of the namespace runner, one for each process id; the rest to the ptrace runner.
 */

export const FIRST_BOX_ID = 0x70000000

/** The most process ids that a kernel can have (PID_MAX_LIMIT). */
export const MOST_PROCESS_IDS: number = 2 ** 22
