bats_require_minimum_version 1.5.0
load common

ROOT=$BATS_TEST_DIRNAME/../..

# bats test_tags=release
@test "make install: program, runtime, library, headers, mlctl.pc, man pages, completion; uninstall takes them away" {
    build=$(dirname "$MLCTL")
    make -s -C "$ROOT" BUILD="$build" DESTDIR="$PWD/root" PREFIX=/usr install > out.txt
    root/usr/bin/mlctl --version
    [ -x root/usr/libexec/mlctl/mlctl-runtime ]
    [ -s root/usr/share/man/man1/mlctl-train.1 ]
    bash -c '. root/usr/share/bash-completion/completions/mlctl && complete -p mlctl'
    root/usr/bin/mlctl train "$DATA/iris.csv" -q > out.txt
    root/usr/bin/mlctl docker -q > out.txt
    cmp docker/rootfs/mlctl root/usr/libexec/mlctl/mlctl-runtime

    cat > embed.c << 'C'
#include <mlctl/fit.h>
#include <mlctl/model.h>
#include <mlctl/prep.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_table *table = NULL;
    struct ml_model *model = NULL;
    double P[150 * 3];
    if (argc != 3 || ml_table_read(argv[2], NULL, &table, &err) || ml_model_load(argv[1], &model, &err) ||
        ml_model_predict(model, table, P, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    printf("%s %.17g\n", ml_model_label(model, 0, 0), P[0]);
    ml_model_free(model);
    ml_table_free(table);
    return 0;
}
C
    export PKG_CONFIG_PATH=$PWD/root/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$PWD/root
    # shellcheck disable=SC2046 # flags are words
    gcc -std=c17 -Wall -Wextra -Werror -o embed embed.c $(pkg-config --cflags --libs mlctl)
    LD_LIBRARY_PATH=root/usr/lib ./embed model.safetensors "$DATA/iris.csv" > embedded.txt
    mlctl predict -q --json "$DATA/iris.csv" | jq -r '.[0].probabilities.setosa' > predicted.txt
    [ "$(cut -d' ' -f1 embedded.txt)" = setosa ]
    near "$(cut -d' ' -f2 embedded.txt)" "$(cat predicted.txt)" 1e-15

    make -s -C "$ROOT" BUILD="$build" DESTDIR="$PWD/root" PREFIX=/usr uninstall > out.txt
    [ -z "$(find root -type f -o -type l)" ] || { find root -type f; return 1; }
}
