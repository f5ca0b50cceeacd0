/* A frame for plugins: the block, and a program that looks at its table as the library would. */
/* HERE */

#include <stdio.h>

int main(void)
{
  extern const weir_plugin weir_plugin_table;
  for (const weir_actor *const *a = weir_plugin_table.actors; *a; a++) printf("%s\n", (*a)->name);
  return weir_plugin_table.abi == WEIR_ABI && weir_plugin_table.actors[0] ? 0 : 1;
}
