# Who watches a child is told of each incarnation that ends.
# rule: L1
# file: src/actor/end.c
# scenario: restart_and_watch
# finds: news() == 0
/^static void end_incarnation/,/^}/ s/^  end_lists\(cell, code, why\);/  end_lists(cell, code, why);\n  weir__watchers_told(cell, code, why);/
