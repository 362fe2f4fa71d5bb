#include <serve/outbox.h>

#include <base/mem.h>
#include <poll.h>
#include <serve/metrics.h>
#include <stdlib.h>
#include <string.h>

#define PAUSE ((uint64_t)1000)       /* milliseconds before the second attempt; twice as long before each one that follows */
#define LONGEST ((uint64_t)60000)    /* of the pauses */
#define PATIENCE ((uint64_t)3600000) /* since a document was new */

struct letter {
    char *subject, *text;
    uint64_t id;         /* of this text */
    uint64_t due, until; /* milliseconds */
    uint64_t pause;      /* after the next attempt that fails */
};

struct mli_outbox {
    struct mli_courier *courier;
    const struct ml_log *log;
    struct letter letter[MLI_OUTBOX_MAX];
    size_t letters;
    uint64_t ids;  /* given so far */
    uint64_t away; /* id of what is with the courier; 0: nothing */
    bool gone;     /* the courier, for good */
    bool ending;   /* nothing is tried a second time */
};

static uint64_t milliseconds(void)
{
    return mli_clock() / 1000000;
}

struct mli_outbox *mli_outbox_new(struct mli_courier *courier, const struct ml_log *log)
{
    struct mli_outbox *outbox = mli_calloc(1, sizeof(*outbox));

    if (!outbox)
        return NULL;
    outbox->courier = courier;
    outbox->log = log;
    return outbox;
}

static void remove_letter(struct mli_outbox *outbox, struct letter *letter)
{
    size_t behind = (size_t)(outbox->letter + --outbox->letters - letter);

    free(letter->subject);
    free(letter->text);
    memmove(letter, letter + 1, behind * sizeof(*letter));
}

void mli_outbox_free(struct mli_outbox *outbox)
{
    while (outbox && outbox->letters > 0)
        remove_letter(outbox, outbox->letter);
    free(outbox);
}

/* ---- in ---------------------------------------------------------------------------------------------------------- */

static struct letter *find_subject(struct mli_outbox *outbox, const char *subject)
{
    for (size_t i = 0; i < outbox->letters; i++) {
        if (strcmp(outbox->letter[i].subject, subject) == 0)
            return &outbox->letter[i];
    }
    return NULL;
}

void mli_outbox_put(struct mli_outbox *outbox, const char *subject, char *text)
{
    struct letter *letter = find_subject(outbox, subject);
    char *copy = letter || outbox->gone || outbox->letters == MLI_OUTBOX_MAX ? NULL : mli_strdup(subject);

    if (!letter && !copy) {
        ml_log(outbox->log, ML_LOG_WARNING, "webhook: the alert \"%s\" is not sent: %s", subject,
               outbox->gone ? "its process is gone" : "too many wait");
        free(text);
        return;
    }
    if (letter)
        free(letter->text);
    else
        letter = &outbox->letter[outbox->letters++];
    const uint64_t now = milliseconds();
    *letter = (struct letter){ .subject = copy ? copy : letter->subject,
                               .text = text,
                               .id = ++outbox->ids,
                               .due = now,
                               .until = now + PATIENCE,
                               .pause = PAUSE };
}

/* ---- out --------------------------------------------------------------------------------------------------------- */

static void give_up(struct mli_outbox *outbox, struct letter *letter, const char *why)
{
    ml_log(outbox->log, ML_LOG_WARNING, "webhook: the alert \"%s\" was not delivered: %s", letter->subject, why);
    remove_letter(outbox, letter);
}

static void try_again(struct mli_outbox *outbox, struct letter *letter, const char *why)
{
    const uint64_t now = milliseconds();

    if (outbox->ending || now >= letter->until) {
        give_up(outbox, letter, why);
        return;
    }
    if (letter->pause == PAUSE)
        ml_log(outbox->log, ML_LOG_WARNING, "webhook: %s; it is tried again", why);
    letter->due = now + letter->pause;
    letter->pause = letter->pause * 2 < LONGEST ? letter->pause * 2 : LONGEST;
}

static void lose_courier(struct mli_outbox *outbox)
{
    outbox->gone = true;
    outbox->away = 0;
    ml_log(outbox->log, ML_LOG_WARNING, "webhook: its process is gone for good; no more alerts are sent");
    while (outbox->letters > 0)
        give_up(outbox, outbox->letter, "its process is gone");
}

/* What became of a document; one that has been overtaken is not there any more, and then nobody cares. */
static void settle(struct mli_outbox *outbox, const struct mli_courier_news *news)
{
    const uint64_t id = news->word == MLI_COURIER_ANEW ? outbox->away : news->id;
    struct letter *letter = outbox->letter, *end = letter + outbox->letters;

    if (outbox->away == id)
        outbox->away = 0;
    while (letter < end && letter->id != id)
        letter++;
    if (letter == end)
        return;
    if (news->word == MLI_COURIER_DELIVERED)
        remove_letter(outbox, letter);
    else if (news->word == MLI_COURIER_REFUSED)
        give_up(outbox, letter, news->why);
    else
        try_again(outbox, letter, news->why);
}

static struct letter *find_due(struct mli_outbox *outbox, uint64_t now)
{
    for (size_t i = 0; i < outbox->letters; i++) {
        if (outbox->letter[i].due <= now)
            return &outbox->letter[i];
    }
    return NULL;
}

void mli_outbox_turn(struct mli_outbox *outbox)
{
    struct mli_courier_news news;

    while (!outbox->gone && (mli_courier_hear(outbox->courier, &news), news.word != MLI_COURIER_NOTHING)) {
        if (news.word == MLI_COURIER_GONE)
            lose_courier(outbox);
        else
            settle(outbox, &news);
    }
    struct letter *letter = outbox->gone || outbox->away ? NULL : find_due(outbox, milliseconds());
    if (letter && mli_courier_send(outbox->courier, letter->id, letter->text, strlen(letter->text)))
        outbox->away = letter->id;
    else if (letter)
        try_again(outbox, letter, "its process does not listen");
}

int mli_outbox_fd(const struct mli_outbox *outbox)
{
    return outbox->gone ? -1 : mli_courier_fd(outbox->courier);
}

int mli_outbox_due(const struct mli_outbox *outbox)
{
    const uint64_t now = milliseconds();
    uint64_t wait = UINT64_MAX;

    for (size_t i = 0; i < outbox->letters && !outbox->away; i++) {
        const uint64_t due = outbox->letter[i].due;
        const uint64_t left = due > now ? due - now : 0;
        wait = left < wait ? left : wait;
    }
    return wait == UINT64_MAX ? -1 : (int)wait; /* LONGEST at most */
}

void mli_outbox_end(struct mli_outbox *outbox, uint64_t patience)
{
    const uint64_t until = milliseconds() + patience;
    uint64_t now;

    outbox->ending = true;
    for (size_t i = 0; i < outbox->letters; i++)
        outbox->letter[i].due = 0;
    while (mli_outbox_turn(outbox), outbox->letters > 0 && (now = milliseconds()) < until) {
        struct pollfd courier = { .fd = mli_outbox_fd(outbox), .events = POLLIN };
        (void)poll(&courier, 1, outbox->away ? (int)(until - now) : 0);
    }
    while (outbox->letters > 0)
        give_up(outbox, outbox->letter, "the server ends");
}
