/*
 * libmicrohttpd (0.9.75) takes its events by 128, and goes on while it gets as many, each time with leave to wait for more.
 * So a loop thread that finds 128 connections ready at once, or a multiple of that, sleeps instead of answering them,
 * until something else happens. The program exports this function, so the library gets it in place of the C library's:
 * after a reading that filled the room the next one does not wait.
 */
#include <stddef.h>
#include <sys/epoll.h>

int epoll_wait(int epoll, struct epoll_event *events, int room, int timeout)
{
    static _Thread_local int filled = -1; /* the descriptor whose last reading did */
    int got = epoll_pwait(epoll, events, room, filled == epoll ? 0 : timeout, NULL);

    filled = got == room ? epoll : -1;
    return got;
}
