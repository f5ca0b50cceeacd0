# Who watches a child is told of each incarnation that ends.
# rule: L1
# file: src/actor/end.c
# scenario: restart_and_watch
# finds: news() == 0
/^static void end_incarnation/,/^}/ s/^  weir__groups_end\(cell\);/  weir__groups_end(cell);\n  weir__watchers_told(cell, code, why);/
