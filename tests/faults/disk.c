/* A disk that forgets and fails, for one process (LD_PRELOAD).
 *
 * Of every file below $FAULT_FILES, what fsync or fdatasync was asked to keep is copied to the same
 * name below $FAULT_KEPT: what is there is what a power cut leaves at the worst. While the file
 * $FAULT_KEPT/fail is there, both say EIO, and keep nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int synced(const char *real, int file)
{
    const char *files = getenv("FAULT_FILES"), *kept = getenv("FAULT_KEPT");
    char link[64], path[4096], copy[8400], fresh[8500], block[65536];
    ssize_t size;
    off_t at = 0;
    int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, real);
    if (!files || !kept)
        return sync(file);
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    size = readlink(link, path, sizeof path - 1);
    if (size < 0)
        return sync(file);
    path[size] = 0;
    if (strncmp(path, files, strlen(files)) != 0 || path[strlen(files)] != '/')
        return sync(file);
    snprintf(copy, sizeof copy, "%s/fail", kept);
    if (access(copy, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    struct stat about;
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode))
        return 0;
    snprintf(copy, sizeof copy, "%s%s", kept, path + strlen(files));
    snprintf(fresh, sizeof fresh, "%s.%d", copy, getpid());
    int to = open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (to < 0)
        return -1;
    while ((size = pread(file, block, sizeof block, at)) > 0) {
        if (pwrite(to, block, size, at) != size)
            size = -1;
        at += size;
    }
    close(to);
    return rename(fresh, copy);
}

int fsync(int file) { return synced("fsync", file); }
int fdatasync(int file) { return synced("fdatasync", file); }
