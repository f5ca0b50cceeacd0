/* copy_fixture.h: a channel around each test, through which a value travels: what comes out is its copy. */
#ifndef WEIR_TESTS_COPY_FIXTURE_H
#define WEIR_TESTS_COPY_FIXTURE_H

#include "unit/actor_fixture.h"

static struct {
  weir_sender tx;
  weir_receiver rx;
} channel;

static int channel_up(void **state)
{
  (void)state;
  return weir_mpsc(64, &channel.tx, &channel.rx);
}

static int channel_down(void **state)
{
  (void)state;
  weir_sender_drop(channel.tx);
  weir_receiver_drop(channel.rx);
  return accounts_are_even();
}

/* `struct T *there(const struct T *value)`: the copy, owned. */
#define COPY_OF(T)                                                                                                     \
  static struct T *there(const struct T *value)                                                                        \
  {                                                                                                                    \
    struct T *copy;                                                                                                    \
    assert_int_equal(weir_channel_send_value(channel.tx, WEIR_AT(T, value)), WEIR_OK);                                 \
    assert_int_equal(weir_receive(channel.rx, &copy, T), WEIR_OK);                                                     \
    return copy;                                                                                                       \
  }

#endif
