/* Where connections come in: a listening socket, the table of its connections, and the keeper's thread between them and the loops. */
#include <serve/session.h>

#include <serve/listen.h>
#include <unistd.h>

enum ml_status mli_door_init(struct mli_door *door, const struct mli_connections_config *limits, bool apart, struct ml_error *err)
{
    door->listener = -1;
    door->apart = apart;
    return mli_connections_init(&door->connections, limits, err);
}

enum ml_status mli_door_listen(struct mli_door *door, const char *address, uint16_t port, struct ml_error *err)
{
    return mli_listen(address, port, &door->listener, &door->port, err);
}

static bool give(void *data, int fd, const struct sockaddr *address, socklen_t len)
{
    struct mli_door *door = data;
    struct mli_loop *loop = &door->loop[door->next++ % door->loops];

    return MHD_add_connection(loop->daemon, fd, address, len) == MHD_YES;
}

enum ml_status mli_door_open(struct mli_door *door, bool silent, struct ml_error *err)
{
    const struct mli_keeper_config keeper = {
        .listener = door->listener, .connections = &door->connections, .leaving = door->leaving, .silent = silent, .give = give, .data = door
    };

    door->listener = -1; /* the keeper's, whatever comes of it */
    return mli_keeper_start(&keeper, &door->keeper, err);
}

void mli_door_shut(struct mli_door *door)
{
    mli_keeper_drain(door->keeper);
}

bool mli_door_wait(struct mli_door *door, uint64_t until)
{
    return mli_connections_wait(&door->connections, until);
}

void mli_door_close(struct mli_door *door, bool at_once)
{
    if (door->keeper)
        mli_keeper_stop(door->keeper, at_once);
    else if (door->listener >= 0)
        close(door->listener);
    mli_connections_release(&door->connections);
}
