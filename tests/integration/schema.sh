#!/bin/sh
# The JSON Schema, in the hands of a validator that knows nothing of weir: see schema.py.
. "$(dirname "$0")/cli.inc"
for python in python3 /usr/bin/python3; do
  $python -c 'import jsonschema' 2>err && break
done || { echo 'skipped: there is no python3-jsonschema'; exit 77; }
exec $python "$source/tests/integration/schema.py" "$weir" "$source"
