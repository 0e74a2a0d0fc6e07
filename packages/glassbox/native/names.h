/*
 * Names of files, as the rules of a policy have them: how pass.c and perform.c read those of a
 * call and compare them.
 */
#ifndef GLASSBOX_NAMES_H
#define GLASSBOX_NAMES_H

#include "supervise.h"

#define LONGEST 512 /* with the NUL */

/* Bits of ACCESS in src/policy/resolved.ts. */
#define ACCESS_READ 1
#define ACCESS_WRITE 2
#define ACCESS_STAT 16

/*
 * Reads the path of a call as an absolute one. `path` has room for 2 * LONGEST. Returns 1, or 0
 * for an empty path, or -1 if it cannot be read or is too long.
 */
int read_path(s32 tid, u64 address, s32 dirfd, char *path);

/*
 * Whether each component is a name, after one slash. Then this is the name of what the path leads
 * to, if no component is a link.
 */
int is_plain(const char *path);

/* Whether this rule is about the file with that name, a path without links. */
int covers(const struct prefixes *table, const struct prefix *prefix, const char *name);

/* Whether that is a directory above the one with which the rule begins, or that one itself. */
int is_above(const struct prefixes *table, const struct prefix *prefix, const char *name);

/* Whether the object belongs to a proc(5) file system. */
int is_of_proc(long fd);

/* The link of a process in /proc for one of its descriptors. `to` has room for 48. */
void descriptor_link(char *to, u32 tid, u32 fd);

/*
 * Opens what a path leads to, with O_PATH: -errno, also for a link of /proc that leads to an open
 * file. `nofollow` is O_NOFOLLOW or 0.
 */
long open_object(s32 directory, const char *path, u64 nofollow, u64 resolve);

/*
 * Reads the path of an object, which contains no link. `name` has room for LONGEST. Returns 0 if
 * it has none, is too long, or ends as that of a removed file does.
 */
int read_name(long fd, char *name);

int starts_with(const char *text, const u8 *prefix, u32 length);

#endif
