#include <train/pieces.h>

#define WORTH ((size_t)32768) /* parameters that are worth waking a thread for: some 10 us */

struct pieces {
    size_t n;
    void (*each)(void *data, size_t first, size_t end);
    void *data;
};

static void run(void *data, size_t item, size_t thread)
{
    const struct pieces *pieces = data;
    size_t first = item * MLI_PIECE, rest = pieces->n - first;

    (void)thread;
    pieces->each(pieces->data, first, first + (rest < MLI_PIECE ? rest : MLI_PIECE));
}

void mli_pieces(size_t n, struct mli_team *team, void (*each)(void *data, size_t first, size_t end), void *data)
{
    struct pieces pieces = { n, each, data };
    mli_team_run(team, n / WORTH, mli_pieces_count(n), run, &pieces);
}
