# blocks.awk -v out=DIR PAGE: writes each fenced block of a page that has a language to DIR/NUMBER, and prints a line
# for it: number, language, line of its first content, and the comment on the line before the fence ("-": none),
# separated by tabs. A fence in a list is indented; as much is taken off its lines.
function indent_of(text) { match(text, /^ */); return RLENGTH }

!inside && /^ *```/ {
  indent = indent_of($0)
  fence = substr($0, indent + 1)
  match(fence, /^`+/)
  ticks = RLENGTH
  language = substr(fence, ticks + 1)
  sub(/[ \t]+$/, "", language)
  comment = "-"
  if (previous ~ /^ *<!-- .* -->[ \t]*$/) {
    comment = previous
    sub(/^ *<!-- */, "", comment)
    sub(/ *-->[ \t]*$/, "", comment)
  }
  inside = 1
  file = ""
  if (language != "") {
    file = out "/" ++number
    printf "" > file
    printf "%d\t%s\t%d\t%s\n", number, language, FNR + 1, comment
  }
  next
}
inside && match($0, /^ *`+ *$/) {
  closing = $0
  gsub(/ /, "", closing)
  if (length(closing) >= ticks) {
    inside = 0
    previous = ""
    if (file != "") close(file)
    next
  }
}
inside {
  if (file != "") print substr($0, (indent_of($0) < indent ? indent_of($0) : indent) + 1) > file
  next
}
{ previous = $0 }
END {
  if (inside) {
    print "a fence is not closed" > "/dev/stderr"
    exit 1
  }
}
