# A larger capacity does not serve the line.
# rule: M9
# file: src/channel/mpsc.c
# scenario: mpsc_growth
# finds: all wait
/^int weir__mpsc_set_capacity\(/,/^}/ s/wake = weir__mpsc_fill\(bucket, cell\);//
