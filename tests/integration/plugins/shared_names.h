/* shared_names.h: what the program hands to the plugins of test_shared_names, and what they hand back. */
#ifndef WEIR_TESTS_SHARED_NAMES_H
#define WEIR_TESTS_SHARED_NAMES_H

#include <weir/message.h>

struct plugin {
  const weir_message *(*record)(void);   /* weir/record.h, as this plugin declares it */
  const weir_message *(*private_)(void); /* of the same name in each plugin */
  const weir_message *(*clash)(void);    /* shared, with a layout of its own in each plugin */
  weir_value (*make)(void);              /* a record */
};

#endif
