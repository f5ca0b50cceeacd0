/* stock.c: the list of stock types. A new one gets its file, a declaration in stock.h and a line here. */
#include "stock.h"

const struct weir__stock *const weir__stock_types[] = {
    &weir__stock_file_lines, &weir__stock_split, &weir__stock_count, &weir__stock_top, &weir__stock_print, NULL,
};
