#!/bin/sh
# A secret gets to its actor, and is in nothing that any command prints.
. "$(dirname "$0")/cli.inc"
word=xyzzy-4711
other=plugh-0815
(umask 077 && echo "$word" >key)
cat >vault.json <<EOF
{ "plugins": [{ "path": "$build/tests/plugins/vault.so" }],
  "secrets": { "pager_key": { "file": "key" } },
  "supervision": { "max_restarts": 5 },
  "actors": [
    { "name": "lines", "type": "file_lines", "config": { "paths": ["-"] }, "to": "vault" },
    { "name": "vault", "type": "vault", "config": { "key": { "secret": "pager_key" }, "account": { "user": "me", "password": "\${PASSWORD:-$other}" } } } ] }
EOF
expect 0 '' '' "$weir" check vault.json
expect 0 '' '' "$weir" check --live vault.json

# Everything that says something, in one file.
all() {
  "$weir" check --explain vault.json
  "$weir" check --explain --json --live vault.json
  "$weir" graph vault.json
  "$weir" graph --format mermaid vault.json
  "$weir" schema --plugin "$build/tests/plugins/vault.so"
  "$weir" types --plugin "$build/tests/plugins/vault.so" --json
  printf 'show\nrefuse\nfail\nshow\n' | VAULT_KEY=$word "$weir" run --stats vault.json
  printf 'refuse\nshow\n' | "$weir" run --follow-one=vault vault.json
  printf 'refuse\nshow\n' | "$weir" run --follow-one --json vault.json
  echo show | VAULT_SHUT=yes "$weir" run vault.json
  sed 's/"user"/"usr"/; s/"key":/"kye":/' vault.json >wrong.json
  "$weir" check --json wrong.json
  "$weir" run wrong.json
  sed 's/"password": "[^"]*"/"password": 5/; s/{ "secret": "pager_key" }/["'$word'"]/' vault.json >wrong.json
  "$weir" check --json wrong.json
  sed 's/"paths": \["-"\]/"paths": [{ "secret": "pager_key" }]/' vault.json >wrong.json
  "$weir" run wrong.json
}
all >said 2>&1
expect_that 'the actor has got it' grep -qx 'the key fits' said
expect_that 'also when it has started again' [ "$(grep -cx 'the key fits' said)" = 2 ]
expect_that 'a print hides it' grep -qF 'vault_config { key: secret, account: { user: "me", password: secret } }' said
expect_that 'which one is used is told' grep -q '^actors.vault.config.key = {"secret": "pager_key"}  # vault.json:' said
expect_that 'what stands there itself is not' grep -q '^actors.vault.config.account = {"user": "me", "password": null}  # vault.json:' said
expect_that 'it is refused where it could be shown' \
  grep -q '^wrong.json:5:[0-9]*: error: actors.lines.config.paths\[0\]: no secret may stand here' said
expect_that 'the plugin has said what it was to say' grep -q '^weir: vault: a record (line) became a dead letter: not this one$' said
expect_that 'it is shown nowhere' sh -c '! grep -n "$1\|$2" said' - $word $other

# A crash, and what is told of it; not under sanitizers and emulators, which have signal handlers of their own.
echo crash | "$weir" run vault.json >said 2>&1
expect_that 'a crash shows no secret' sh -c '! grep -n "$1\|$2" said' - $word $other

# What can't be read is told before anything starts, and by a check that is live.
chmod 644 key
wrong="vault.json:2:39: error: secrets.pager_key.file: cannot read the secret key: everybody may read it: take that right away (chmod o-r), or say \"world_readable\": true"
expect 78 '' "$wrong" "$weir" run vault.json
expect 78 '' "$wrong" "$weir" check --live vault.json
expect 0 '' '' "$weir" check vault.json
rm key
expect 78 '' "vault.json:2:39: error: secrets.pager_key.file: cannot read the secret key: No such file or directory" \
  "$weir" run vault.json
finish
