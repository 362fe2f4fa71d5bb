/* Runs every file of the folders named through a fuzz target, without libFuzzer: the regression test of each corpus. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    size_t n = 0, capacity = 1 << 24;
    uint8_t *bytes = malloc(capacity);
    if (bytes)
        n = fread(bytes, 1, capacity, f);
    fclose(f);
    uint8_t *exact = malloc(n ? n : 1); /* so that a read past the end is seen */
    for (size_t i = 0; bytes && exact && i < n; i++)
        exact[i] = bytes[i];
    free(bytes);
    if (exact)
        LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 1;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int a = 1; a < argc; a++) {
        DIR *dir = opendir(argv[a]);
        for (struct dirent *entry; dir && (entry = readdir(dir));)
            if (entry->d_name[0] != '.')
                count += replay_file(argv[a], entry->d_name);
        if (dir)
            closedir(dir);
    }
    printf("%d inputs replayed\n", count);
    return count ? 0 : 1;
}
