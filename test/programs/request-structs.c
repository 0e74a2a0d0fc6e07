/*
 * request-structs: ioctl(-1, REQUEST, memory) with structs filled in by their meaning: what
 * the device mapper takes, commands of SCSI, results of btrfs. The end of what can be read follows
 * the struct.
 */
#define _GNU_SOURCE
#include <linux/types.h>
#include <linux/bsg.h>
#include <linux/btrfs.h>
#include <linux/dm-ioctl.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char *memory, *end;

static void *at(const void *bytes, int count) { return memcpy(end - count, bytes, count); }

static void request(unsigned long number, void *argument) { syscall(SYS_ioctl, -1L, number, argument); }

static void mapper(void) {
  static const unsigned cmds[] = { DM_VERSION, DM_REMOVE_ALL, DM_LIST_DEVICES, DM_DEV_CREATE, DM_DEV_REMOVE, DM_DEV_RENAME, DM_DEV_SUSPEND, DM_DEV_STATUS, DM_DEV_WAIT, DM_TABLE_LOAD, DM_TABLE_CLEAR, DM_TABLE_DEPS, DM_TABLE_STATUS, DM_LIST_VERSIONS, DM_TARGET_MSG, DM_DEV_SET_GEOMETRY, DM_DEV_ARM_POLL, DM_GET_TARGET_VERSION };
  char names[] = "pretty";
  for (int i = 0; i < sizeof cmds / 4; i++) {
    for (int k = 0; k < 14; k++) {
    struct { struct dm_ioctl h; char data[1024]; } s;
    memset(&s, 0, sizeof s);
    s.h.version[0] = k == 7 ? 3 : 4; s.h.version[1] = 1; s.h.version[2] = 2;
    s.h.data_size = k == 1 ? 100 : k == 2 ? sizeof s.h : k == 3 ? 290 : sizeof s;
    s.h.data_start = k == 4 ? 0xfffff : k == 5 ? 4 : k == 12 ? sizeof s + 8 : sizeof s.h;
    s.h.dev = 0x1234; s.h.flags = k == 6 ? 0xffffffff : k == 8 ? DM_SUSPEND_FLAG : k == 9 ? DM_UUID_FLAG : k==10 ? DM_STATUS_TABLE_FLAG : 0; s.h.event_nr = 0xdeadbeef; s.h.open_count=7;
    s.h.target_count = k == 3 ? 4 : k == 10 ? 0xffff : 2;
    strcpy(s.h.name, "nnn"); strcpy(s.h.uuid, "uuu");
    if (k == 11) { memset(s.h.name, 'a', sizeof s.h.name); memset(s.h.uuid, 'b', sizeof s.h.uuid); s.h.dev = 0; }
    if (k == 13) { s.h.name[0] = s.h.uuid[0] = 0; s.h.event_nr = 0; }
    char *d = s.data;
    if (cmds[i] == DM_TABLE_LOAD || cmds[i] == DM_TABLE_STATUS) {
      struct dm_target_spec *t = (void *)d; t->sector_start = 16; t->length = 32; t->status = 5; strcpy(t->target_type, "linear"); strcpy((char *)(t + 1), "/dev/a 0"); t->next = cmds[i] == DM_TABLE_LOAD ? 64 : 64;
      t = (void *)(d + 64); t->sector_start = 48; t->length = 64; t->status = 6; strcpy(t->target_type, "striped"); strcpy((char *)(t + 1), "x y"); t->next = cmds[i] == DM_TABLE_LOAD ? 64 : 128;
    } else if (cmds[i] == DM_TABLE_DEPS) {
      struct dm_target_deps *t = (void *)d; t->count = k == 10 ? 0xfffff : 3; t->dev[0] = 0x801; t->dev[1] = 0x802; t->dev[2] = 0x12345678;
    } else if (cmds[i] == DM_LIST_DEVICES) {
      struct dm_name_list *t = (void *)d; t->dev = 0x701; t->next = 32; strcpy(t->name, "first"); *(unsigned *)(d + 24) = 77;
      t = (void *)(d + 32); t->dev = 0x702; t->next = k == 10 ? 4 : 0; strcpy(t->name, "second");
    } else if (cmds[i] == DM_LIST_VERSIONS || cmds[i] == DM_GET_TARGET_VERSION) {
      struct dm_target_versions *t = (void *)d; t->next = 32; t->version[0] = 1; t->version[1] = 2; t->version[2] = 3; strcpy(t->name, "lin");
      t = (void *)(d + 32); t->next = 0; t->version[0] = 5; strcpy(t->name, "str");
    } else if (cmds[i] == DM_TARGET_MSG) {
      struct dm_target_msg *t = (void *)d; t->sector = 1234; strcpy(t->message, "tele");
    } else if (cmds[i] == DM_DEV_RENAME || cmds[i] == DM_DEV_SET_GEOMETRY) strcpy(d, "10 20 30 40");
    request(cmds[i], at(&s, k == 1 ? 100 : sizeof s));
    if (k == 0) { request(cmds[i], end - 40); request(cmds[i], at(&s, sizeof s.h + 16)); }
    }
  }
}

static void scsi(void) {
  strcpy(memory, "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  struct iovec *v = (void *)(memory + 0x100);
  v[0].iov_base = memory; v[0].iov_len = 5; v[1].iov_base = memory + 5; v[1].iov_len = 40;
  int dirs[] = {-1, -2, -3, -4, 0, 7};
  for (int d = 0; d < 6; d++) for (int k = 0; k < 8; k++) {
    struct sg_io_hdr h; memset(&h, 0, sizeof h);
    h.interface_id = 'S'; h.dxfer_direction = dirs[d]; h.cmd_len = 6; h.mx_sb_len = 11; h.dxfer_len = 21; h.dxferp = memory; h.cmdp = (void *)(memory + 10); h.sbp = (void *)(memory + 20);
    h.timeout = 111; h.flags = k == 1 ? 0xffffffff : SG_FLAG_DIRECT_IO; h.pack_id = -5; h.usr_ptr = (void *)0x1234; h.status = 2; h.masked_status = 1; h.msg_status = 7; h.sb_len_wr = k == 2 ? 0 : 5; h.host_status = 3; h.driver_status = 8; h.resid = k == 3 ? 4 : k == 4 ? 100 : -7; h.duration = 99; h.info = k == 5 ? 0xffffffff : 1;
    if (k == 6) { h.iovec_count = 2; h.dxferp = v; h.dxfer_len = 45; }
    if (k == 7) { h.dxferp = 0; h.cmdp = 0; h.sbp = 0; h.usr_ptr = 0; }
    if (k == 4) { h.dxferp = end; h.cmdp = (void *)(end - 2); h.sbp = (void *)end; h.iovec_count = 2; }
    request(SG_IO, at(&h, sizeof h));
    if (k == 0) request(SG_IO, at(&h, 40));
  }
  for (int k = 0; k < 10; k++) {
    struct sg_io_v4 h; memset(&h, 0, sizeof h);
    h.guard = 'Q'; h.protocol = k == 1 ? 9 : 0; h.subprotocol = k == 1 ? 9 : k == 2 ? 1 : k==3?2:0; h.request_len = 6; h.request = (long)memory; h.request_tag = 0x77; h.request_attr = 3; h.request_priority = 4; h.request_extra = 5; h.max_response_len = 8; h.response = (long)(memory + 8);
    h.dout_iovec_count = k == 4 ? 2 : 0; h.dout_xfer_len = 9; h.din_iovec_count = k == 5 ? 2 : 0; h.din_xfer_len = 10; h.dout_xferp = (long)(k == 4 ? (void*)v : memory + 1); h.din_xferp = (long)(k == 5 ? (void*)v : memory + 2);
    h.timeout = 55; h.flags = k == 6 ? 0xffffffff : BSG_FLAG_Q_AT_TAIL; h.usr_ptr = 66; h.driver_status = 1; h.transport_status = 2; h.device_status = 3; h.retry_delay = 4; h.info = k == 6 ? 0xfffffff : 1; h.duration = 77; h.response_len = k == 7 ? 99 : 3; h.din_resid = k==8?100:2; h.dout_resid = 1; h.generated_tag = 0x99;
    if (k == 9) { h.request = h.response = h.dout_xferp = h.din_xferp = 0; h.generated_tag = h.usr_ptr = h.request_tag = 0; h.flags = 0; h.info = 0; }
    request(SG_IO, at(&h, sizeof h));
    if (k == 0) request(SG_IO, at(&h, 40));
  }
  request(SG_IO, end - 2); request(SG_IO, 0);
}

static void btrfs(void) {
  struct btrfs_data_container *d = (void *)(memory + 0x8000);
  d->bytes_left = 100; d->bytes_missing = 3; d->elem_cnt = 2; d->elem_missed = 1; d->val[0] = 16; d->val[1] = 22; strcpy((char *)d->val + 16, "hello"); strcpy((char *)d->val + 22, "world");
  struct btrfs_ioctl_ino_path_args *p = (void *)memory; memset(memory, 0, 200);
  for (int k = 0; k < 3; k++) {
  p->inum = 256; p->size = k == 1 ? 20 : 4096; p->fspath = k == 2 ? (long)(memory + 0x10000 - 8) : (long)d; p->reserved[0] = k; request(BTRFS_IOC_INO_PATHS, p); }
  struct btrfs_ioctl_logical_ino_args *l = (void *)memory; memset(memory, 0, 200);
  d->elem_cnt = 6; d->val[0] = 1; d->val[1] = 2; d->val[2] = 5; d->val[3] = 300; d->val[4]= 5; d->val[5] = 7;
  l->logical = 77; l->size = 4096; l->inodes = (long)d; request(BTRFS_IOC_LOGICAL_INO, l); request(BTRFS_IOC_LOGICAL_INO_V2, l);
  d->elem_cnt = 4; request(BTRFS_IOC_LOGICAL_INO, l);
  l->inodes = 0; request(BTRFS_IOC_LOGICAL_INO, l);
  struct btrfs_ioctl_search_args_v2 *s = (void *)memory; memset(memory, 0, 4096);
  s->key.tree_id = 1; s->key.max_objectid = -1ull; s->key.max_offset = -1ull; s->key.max_transid = -1ull; s->key.max_type = 1; s->key.nr_items = 2; s->buf_size = 4000;
  struct btrfs_ioctl_search_header *h = (void *)s->buf; h->transid = 3; h->objectid = 256; h->offset = 5; h->type = 1; h->len = 8;
  h = (void *)((char *)(h + 1) + 8); h->transid = 4; h->objectid = 1; h->offset = 6; h->type = 84; h->len = 200;
  request(BTRFS_IOC_TREE_SEARCH_V2, s); s->buf_size = 20; request(BTRFS_IOC_TREE_SEARCH_V2, s);
  memmove(((struct btrfs_ioctl_search_args *)memory)->buf, s->buf, 3000); request(BTRFS_IOC_TREE_SEARCH, s);
  struct btrfs_ioctl_vol_args_v2 *v = (void *)memory; memset(memory, 0, 4096); v->fd = 3; v->flags = BTRFS_SUBVOL_QGROUP_INHERIT; v->size = sizeof(struct btrfs_qgroup_inherit) + 16; v->qgroup_inherit = (void *)(memory + 0x9000);
  struct btrfs_qgroup_inherit *q = (void *)(memory + 0x9000); q->flags = 1; q->num_qgroups = 2; q->num_ref_copies = 3; q->num_excl_copies = 4; q->lim.flags = 3; q->lim.max_rfer = 9; q->qgroups[0] = 11; q->qgroups[1] = 12; strcpy(v->name, "sub"); request(BTRFS_IOC_SUBVOL_CREATE_V2, v);
  v->size = 9; request(BTRFS_IOC_SUBVOL_CREATE_V2, v);
  struct btrfs_ioctl_dev_replace_args *r = (void *)memory; memset(memory, 0, 6000); r->cmd = 0; r->start.srcdevid = 5; r->start.cont_reading_from_srcdev_mode = 1; strcpy(r->start.srcdev_name, "/dev/a"); strcpy(r->start.tgtdev_name, "/dev/b"); request(BTRFS_IOC_DEV_REPLACE, r);
  r->start.srcdevid = 0; r->result = 2; request(BTRFS_IOC_DEV_REPLACE, r); r->cmd = 2; request(BTRFS_IOC_DEV_REPLACE, r);
}

static void balances(void) {
  struct btrfs_ioctl_balance_args *b = (void *)memory; b->flags = 0x1f; b->state = 7; b->data.flags = 0xff; b->data.target = 5; b->stat.expected = 1; b->stat.considered = 2; b->stat.completed = 3; b->meta.profiles = 1ull << 48; b->sys.limit = 9;b->sys.stripes_min=3;
  request(BTRFS_IOC_BALANCE_V2, b); request(BTRFS_IOC_BALANCE_PROGRESS, b);
  struct btrfs_ioctl_vol_args_v2 *v = (void *)memory; memset(memory, 0, 4096); v->fd = 3; v->flags = 8; v->devid = 7; strcpy(v->name + 10, "sub"); request(BTRFS_IOC_SUBVOL_CREATE_V2, v); 
  struct btrfs_ioctl_dev_replace_args *r = (void *)memory; memset(memory, 0, 6000); r->cmd = 1; r->status.replace_state = 2; r->status.progress_1000 = 1001; r->status.time_started = 0; r->status.time_stopped = 1700000000; r->result = 3; request(BTRFS_IOC_DEV_REPLACE, r);
 memset(r->start.srcdev_name, 'a', 1025); memset(r->start.tgtdev_name, 'b', 1025); r->cmd = 0; request(BTRFS_IOC_DEV_REPLACE, r);
}

int main(void) {
  memory = mmap((void *)0x20000000, 0x20000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  end = memory + 0x10000;
  mprotect(end, 0x10000, PROT_NONE);
  mapper();
  scsi();
  memset(memory, 0, 0x10000);
  btrfs();
  memset(memory, 0, 0x10000);
  balances();
  return 0;
}
