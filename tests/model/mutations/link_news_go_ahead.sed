# News of an end go ahead of users' messages.
# rule: M5
# file: src/channel/mpsc.c
# scenario: link_news_come_behind
# finds: got[0] == 7
s/m->kind == WEIR__OWN_TIMER \? &cell->urgent_end/m->kind == WEIR__OWN_TIMER || m->kind == WEIR__NEWS ? \&cell->urgent_end/
s/timers \|= newest->kind == WEIR__OWN_TIMER;/timers |= newest->kind == WEIR__OWN_TIMER || newest->kind == WEIR__NEWS;/
