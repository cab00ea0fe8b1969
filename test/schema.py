# SPDX-License-Identifier: GPL-2.0-or-later
# test/schema.py SCHEMA NAME: is each JSON value on stdin, one after the other, as $defs/NAME has it, and has nothing more? Prints what is not.
import json
import sys

import jsonschema


def closed(node):
    """The same, where no object has a member that is not named."""
    if isinstance(node, list):
        return [closed(one) for one in node]
    if not isinstance(node, dict):
        return node
    out = {key: closed(value) for key, value in node.items()}
    if isinstance(node.get("properties"), dict) and node.get("type") == "object":
        out.setdefault("additionalProperties", False)
    return out


schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator({"$ref": "#/$defs/" + sys.argv[2], "$defs": closed(schema["$defs"])})
text, at, bad, decoder = sys.stdin.read().strip(), 0, 0, json.JSONDecoder()
if not text:
    sys.exit("no JSON at all")
while at < len(text):
    value, end = decoder.raw_decode(text, at)
    for error in validator.iter_errors(value):
        bad = 1
        for one in error.context or [error]:
            print(f"{sys.argv[2]}: {'/'.join(map(str, one.absolute_path))}: {one.message[:300]}")
    at = end + len(text[end:]) - len(text[end:].lstrip())
sys.exit(bad)
