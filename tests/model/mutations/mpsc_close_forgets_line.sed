# A close leaves those in line waiting.
# rule: M3
# file: src/channel/mpsc.c
# scenario: mpsc_close_and_line
# finds: all wait
s/while \(\(w = weir__line_first\(bucket, cell\)\)\) turn_away\(bucket, w, code\);/(void)w, (void)turn_away, (void)code;/
