// Preloaded into a process (LD_PRELOAD): notes what it does to the files below TRACE_ROOT, in order, in TRACE_FILE.
// One event is one append: kind, then inode, offset, and two texts with their lengths (little endian, as they lie in memory).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static const char *root;
static size_t root_length;
static int trace = -1;

#define REAL(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("TRACE_FILE");
  root = getenv("TRACE_ROOT");
  if (file == NULL || root == NULL) return;
  root_length = strlen(root);
  trace = REAL(open)(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

// The index of a write-ahead log is shared memory and is made again; it is no part of a disk.
static int is_ours(const char *path) {
  size_t length = path == NULL ? 0 : strlen(path);
  if (trace < 0 || length < root_length || strncmp(path, root, root_length) != 0) return 0;
  if (path[root_length] != '/' && path[root_length] != 0) return 0;
  return !(length > 4 && strcmp(path + length - 4, "-shm") == 0) && !(length > 10 && strcmp(path + length - 10, " (deleted)") == 0);
}

static int path_of(int fd, char *path) {
  char link[40];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  path[length < 0 ? 0 : length] = 0;
  return is_ours(path);
}

static uint64_t inode_of(int fd) {
  struct stat stat;
  return fstat(fd, &stat) == 0 ? stat.st_ino : 0;
}

static void note(char kind, uint64_t inode, uint64_t offset, const void *a, uint32_t a_length, const void *b, uint32_t b_length) {
  int saved = errno;
  struct __attribute__((packed)) { char kind; uint64_t inode, offset; uint32_t a, b; } head = { kind, inode, offset, a_length, b_length };
  struct iovec parts[3] = { { &head, sizeof head }, { (void *) a, a_length }, { (void *) b, b_length } };
  if (REAL(writev)(trace, parts, 3) < 0) abort();
  errno = saved;
}

static int opened(int fd, int flags, int was_there) {
  char real[PATH_MAX];
  if (fd < 0 || trace < 0 || !path_of(fd, real)) return fd;
  if ((flags & O_CREAT) && !was_there) note('C', inode_of(fd), 0, real, strlen(real), NULL, 0);
  else if (flags & O_TRUNC) note('T', inode_of(fd), 0, NULL, 0, NULL, 0);
  return fd;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list list; va_start(list, flags); mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; va_end(list); \
    pthread_mutex_lock(&turn); \
    int was_there = access(path, F_OK) == 0; \
    int fd = opened(REAL(name)(path, flags, mode), flags, was_there); \
    pthread_mutex_unlock(&turn); \
    return fd; \
  }
OPEN(open)
OPEN(open64)

static ssize_t written(int fd, const void *data, ssize_t length, off_t offset) {
  char path[PATH_MAX];
  if (length > 0 && trace >= 0 && path_of(fd, path)) note('W', inode_of(fd), (uint64_t) offset, data, (uint32_t) length, NULL, 0);
  return length;
}

#define PWRITE(name) \
  ssize_t name(int fd, const void *data, size_t length, off_t offset) { \
    pthread_mutex_lock(&turn); ssize_t done = written(fd, data, REAL(name)(fd, data, length, offset), offset); pthread_mutex_unlock(&turn); \
    return done; \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t write(int fd, const void *data, size_t length) {
  pthread_mutex_lock(&turn);
  ssize_t done = REAL(write)(fd, data, length);
  if (done > 0 && trace >= 0 && fd != trace) written(fd, data, done, lseek(fd, 0, SEEK_CUR) - done);
  pthread_mutex_unlock(&turn);
  return done;
}

#define TRUNCATE(name) \
  int name(int fd, off_t length) { \
    char path[PATH_MAX]; \
    pthread_mutex_lock(&turn); \
    int done = REAL(name)(fd, length); \
    if (done == 0 && path_of(fd, path)) note('T', inode_of(fd), (uint64_t) length, NULL, 0, NULL, 0); \
    pthread_mutex_unlock(&turn); \
    return done; \
  }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define SYNC(name) \
  int name(int fd) { \
    char path[PATH_MAX]; \
    pthread_mutex_lock(&turn); \
    int done = REAL(name)(fd); \
    if (done == 0 && path_of(fd, path)) note('S', inode_of(fd), 0, path, strlen(path), NULL, 0); \
    pthread_mutex_unlock(&turn); \
    return done; \
  }
SYNC(fsync)
SYNC(fdatasync)

#define TWO(name, kind) \
  int name(const char *from, const char *to) { \
    pthread_mutex_lock(&turn); \
    int done = REAL(name)(from, to); \
    if (done == 0 && is_ours(to)) note(kind, 0, 0, from, strlen(from), to, strlen(to)); \
    pthread_mutex_unlock(&turn); \
    return done; \
  }
TWO(rename, 'R')
TWO(link, 'L')

#define ONE(name, kind, parameters, arguments) \
  int name parameters { \
    pthread_mutex_lock(&turn); \
    int done = REAL(name) arguments; \
    if (done == 0 && is_ours(path)) note(kind, 0, 0, path, strlen(path), NULL, 0); \
    pthread_mutex_unlock(&turn); \
    return done; \
  }
ONE(unlink, 'U', (const char *path), (path))
ONE(rmdir, 'U', (const char *path), (path))
ONE(mkdir, 'M', (const char *path, mode_t mode), (path, mode))
