/* A disk that fails on demand: loaded before the C library, it lets writes, truncations and flushes of one folder's
 * files fail from the k-th on. DISK_FOLDER names the folder, DISK_CONTROL a file of four 64-bit numbers that the test
 * changes while the process runs: how many operations still work (-1: all of them), the error, whether it stays, and
 * how many there were. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

struct control { volatile int64_t left, error, stays, count; };
static struct control *control;
static const char *folder;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("DISK_CONTROL");
    folder = getenv("DISK_FOLDER");
    int fd = path ? open(path, O_RDWR) : -1;
    if (fd < 0 || !folder) return;
    void *at = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED) control = at;
    close(fd);
}

static int fails(int fd) {
    char link[64], path[4096];
    if (!control) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (strncmp(path, folder, strlen(folder)) != 0) return 0;
    __atomic_add_fetch(&control->count, 1, __ATOMIC_SEQ_CST);
    int64_t left = __atomic_load_n(&control->left, __ATOMIC_SEQ_CST);
    if (left < 0) return 0;
    if (left > 0) {
        __atomic_sub_fetch(&control->left, 1, __ATOMIC_SEQ_CST);
        return 0;
    }
    if (!control->stays) control->left = -1;
    errno = (int)control->error;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) { return fails(fd) ? -1 : REAL(pwrite)(fd, b, n, o); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) { return fails(fd) ? -1 : REAL(pwrite64)(fd, b, n, o); }
ssize_t write(int fd, const void *b, size_t n) { return fails(fd) ? -1 : REAL(write)(fd, b, n); }
int ftruncate(int fd, off_t n) { return fails(fd) ? -1 : REAL(ftruncate)(fd, n); }
int ftruncate64(int fd, off64_t n) { return fails(fd) ? -1 : REAL(ftruncate64)(fd, n); }
int fsync(int fd) { return fails(fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails(fd) ? -1 : REAL(fdatasync)(fd); }
