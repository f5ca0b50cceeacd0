/* new_actor.c: weir new-actor: the starting point of a plugin, in a folder of its own. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir/base.h>

#include "cli/options.h"
#include "cli/say.h"

enum { NAME_MOST = 40, PATH_MOST = 4096 };

static const char help[] = "usage: weir new-actor NAME [FOLDER]\n"
                           "\n"
                           "Makes a folder, FOLDER or NAME, with the starting point of an actor type of your own: a "
                           "plugin that passes lines on,\n"
                           "what builds it, its tests, and a topology that it stands in. It builds and runs as it is:\n"
                           "\n"
                           "  cd NAME\n"
                           "  cmake -B build && cmake --build build && ctest --test-dir build\n"
                           "  weir run NAME.json < TEXT\n"
                           "\n"
                           "options:\n"
                           "  --help  shows this\n"
                           "\n"
                           "exit codes:\n"
                           "  0  success\n"
                           "  1  the folder is there already, or can't be written\n"
                           "  2  the command line is wrong, or NAME can't be one\n";

/* ---- what is written; each '@' stands for the name ---- */

static const char c_file[] =
    "/* @: an actor type for topologies. What it takes, gives and wants to be told: weir types --plugin build/@.so @ "
    "*/\n"
    "#include <string.h>\n"
    "#include <weir/plugin.h>\n"
    "#include <weir/records.h>\n"
    "#include <weir/weir.h>\n"
    "\n"
    "/* What a topology may say of it. A row for each member: default, bounds, unit, help. */\n"
    "struct @_config {\n"
    "  const char *containing;\n"
    "};\n"
    "WEIR_MESSAGE(@_config,\n"
    "             WEIR_FIELD(containing, .def = \"\\\"\\\"\", .help = \"what a line must contain to be passed on\"));\n"
    "\n"
    "/* Its state: zeroed at each start, and touched by one handler at a time. */\n"
    "struct @ {\n"
    "  const struct @_config *config; /* borrowed until it ends, or until a change was taken */\n"
    "  weir_ref out;\n"
    "};\n"
    "\n"
    "static int @_start(struct @ *self, const struct @_config *config)\n"
    "{\n"
    "  self->config = config;\n"
    "  self->out = weir_output(\"out\");\n"
    "  return WEIR_OK;\n"
    "}\n"
    "\n"
    "/* A new configuration while it lives: WEIR_OK takes it, WEIR_RESTART has it started anew, an error refuses it. "
    "*/\n"
    "static int @_change(struct @ *self, const struct @_config *config)\n"
    "{\n"
    "  self->config = config;\n"
    "  return WEIR_OK;\n"
    "}\n"
    "\n"
    "static bool @_wants(const struct @_config *config, const struct line *m)\n"
    "{\n"
    "  size_t size = strlen(config->containing);\n"
    "  for (size_t i = 0; i + size <= m->text.size; i++)\n"
    "    if (memcmp((const char *)m->text.data + i, config->containing, size) == 0) return true;\n"
    "  return false;\n"
    "}\n"
    "\n"
    "/* One line. It may wait anywhere: while the actor behind it is full it waits here. An error refuses this line "
    "alone. */\n"
    "static int @_line(struct @ *self, const struct line *m)\n"
    "{\n"
    "  return @_wants(self->config, m) ? weir_send(self->out, line, .text = m->text) : WEIR_OK;\n"
    "}\n"
    "\n"
    "WEIR_ACTOR(@, WEIR_ON_START(@_config, @_start) WEIR_ON_CONFIG(@_config, @_change) WEIR_ON(line, @_line),\n"
    "           .outputs = {\"out\"}, .help = \"passes on lines that contain a text\");\n"
    "WEIR_PLUGIN(\"@\", \"0.1.0\", &@);\n";

static const char test_file[] =
    "/* The handlers of @, called as the plain functions that they are. */\n"
    "#include \"@.c\"\n"
    "\n"
    "#undef NDEBUG\n"
    "#include <assert.h>\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "  struct @_config config = {.containing = \"whale\"};\n"
    "  struct line whale = {.text = {\"a whale!\", 8, NULL}}, whal = {.text = {\"a whal\", 6, NULL}};\n"
    "  assert(@_wants(&config, &whale));\n"
    "  assert(!@_wants(&config, &whal));\n"
    "\n"
    "  struct @ self = {0};\n"
    "  assert(@_change(&self, &config) == WEIR_OK && self.config == &config);\n"
    "  assert(@_line(&self, &whal) == WEIR_OK); /* it goes nowhere */\n"
    "  return 0;\n"
    "}\n";

static const char cmake_file[] =
    "cmake_minimum_required(VERSION 3.25)\n"
    "project(@ LANGUAGES C)\n"
    "find_package(weir 0.1 REQUIRED)\n"
    "\n"
    "add_library(@ MODULE @.c)\n"
    "set_target_properties(@ PROPERTIES PREFIX \"\" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/build)\n"
    "target_link_libraries(@ PRIVATE weir::weir)\n"
    "target_compile_options(@ PRIVATE -Wall -Wextra)\n"
    "\n"
    "enable_testing()\n"
    "add_executable(@_test @_test.c)\n"
    "target_link_libraries(@_test PRIVATE weir::weir)\n"
    "add_test(NAME handlers COMMAND @_test)\n"
    "\n"
    "# Standing in a topology: two of three lines have a whale, and one word of it is counted twice.\n"
    "add_test(NAME topology WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} COMMAND sh -c\n"
    "  \"printf 'the whale\\\\na boat\\\\na whale\\\\n' | \\\"$0\\\" run @.json\" $<TARGET_FILE:weir::command>)\n"
    "set_tests_properties(topology PROPERTIES PASS_REGULAR_EXPRESSION \"^2 whale\\n1 a\\n1 the\\n$\")\n";

static const char topology_file[] =
    "{\n"
    "  \"name\": \"@\",\n"
    "  \"plugins\": [{ \"path\": \"build/@.so\" }],\n"
    "  \"actors\": [\n"
    "    { \"name\": \"lines\", \"type\": \"file_lines\", \"config\": { \"paths\": [\"-\"] }, \"to\": \"mine\" },\n"
    "    { \"name\": \"mine\",  \"type\": \"@\", \"config\": { \"containing\": \"whale\" }, \"to\": \"words\" },\n"
    "    { \"name\": \"words\", \"type\": \"split\", \"to\": \"count\" },\n"
    "    { \"name\": \"count\", \"type\": \"count\", \"to\": \"top\" },\n"
    "    { \"name\": \"top\",   \"type\": \"top\", \"to\": \"out\" },\n"
    "    { \"name\": \"out\",   \"type\": \"print\" }\n"
    "  ]\n"
    "}\n";

static const struct {
  const char *name, *text;
} files[] = {{"@.c", c_file}, {"@_test.c", test_file}, {"CMakeLists.txt", cmake_file}, {"@.json", topology_file}};
enum { FILES = sizeof files / sizeof files[0] };

/* ---- writing ---- */

static void put(FILE *to, const char *text, const char *name)
{
  for (; *text; text++)
    if (*text == '@')
      fputs(name, to);
    else
      fputc(*text, to);
}

static int cannot(const char *path)
{
  weir__say("cannot write %s: %s", path, strerror(errno));
  return WEIR__EXIT_FAILED;
}

/* "FOLDER/@.c", with the name. */
static bool path_of(char path[PATH_MOST], const char *folder, const char *file, const char *name)
{
  int at = *file == '@';
  int size = snprintf(path, PATH_MOST, "%s/%s%s", folder, at ? name : "", file + at);
  return size > 0 && size < PATH_MOST;
}

static int write_file(const char *folder, size_t i, const char *name)
{
  char path[PATH_MOST];
  if (!path_of(path, folder, files[i].name, name)) {
    errno = ENAMETOOLONG;
    return cannot(folder);
  }
  FILE *to = fopen(path, "wx");
  if (!to) return cannot(path);
  put(to, files[i].text, name);
  bool failed = ferror(to);
  if (fclose(to) || failed) return cannot(path);
  printf("%s\n", path);
  return WEIR__EXIT_SUCCESS;
}

static int write_all(const char *folder, const char *name)
{
  int code = mkdir(folder, 0777) ? cannot(folder) : WEIR__EXIT_SUCCESS;
  for (size_t i = 0; i < FILES && !code; i++) code = write_file(folder, i, name);
  return code;
}

/* ---- the command line ---- */

/* Words that C or C++ has, and types that the file would meet. */
static bool is_taken(const char *name)
{
  static const char *const words[] = {
      "alignas",    "alignof",  "and",     "asm",       "auto",     "bool",     "break",    "case",     "catch",
      "char",       "class",    "const",   "constexpr", "continue", "count",    "decltype", "default",  "delete",
      "do",         "double",   "else",    "enum",      "errno",    "explicit", "export",   "extern",   "false",
      "file_lines", "float",    "for",     "friend",    "goto",     "if",       "inline",   "int",      "line",
      "long",       "main",     "mutable", "namespace", "new",      "noexcept", "not",      "nullptr",  "operator",
      "or",         "print",    "private", "protected", "public",   "record",   "register", "restrict", "return",
      "short",      "signed",   "sizeof",  "split",     "static",   "struct",   "switch",   "tally",    "template",
      "this",       "throw",    "top",     "true",      "try",      "typedef",  "typeid",   "typename", "typeof",
      "union",      "unsigned", "using",   "virtual",   "void",     "volatile", "while",    "word",     "xor"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (strcmp(words[i], name) == 0) return true;
  return false;
}

static int check_name(const char *name)
{
  size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
  if (*name < 'a' || *name > 'z' || name[size] || size > NAME_MOST)
    return weir__say_usage(
        "new-actor",
        "new-actor: a name has at most %d lower-case letters, digits and _, beginning with a letter, not \"%s\"",
        (int)NAME_MOST, name);
  if (is_taken(name) || strncmp(name, "weir", 4) == 0)
    return weir__say_usage("new-actor", "new-actor: \"%s\" means something else already", name);
  return WEIR__EXIT_SUCCESS;
}

struct given {
  const char *name, *folder;
};

static int take_name(void *given, char *name)
{
  struct given *g = given;
  if (g->folder) return weir__say_usage("new-actor", "new-actor: one name and one folder, and what is \"%s\"?", name);
  *(g->name ? &g->folder : &g->name) = name;
  return WEIR__EXIT_SUCCESS;
}

static const struct weir__option known[] = {{0}};
static const struct weir__line command_line = {known, take_name};

static int new_actor(int count, char **arguments)
{
  struct given g = {NULL, NULL};
  int code = weir__read_line(&weir__command_new_actor, &command_line, &g, count, arguments);
  if (code != WEIR__GO_ON) return code;
  if (!g.name) return weir__say_usage("new-actor", "new-actor: which NAME?");
  code = check_name(g.name);
  return code ? code : write_all(g.folder ? g.folder : g.name, g.name);
}

const struct weir__command weir__command_new_actor = {
    .name = "new-actor",
    .summary = "writes the starting point of an actor type of your own",
    .help = help,
    .run = new_actor,
};
