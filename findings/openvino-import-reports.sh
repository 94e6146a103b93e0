#!/usr/bin/env bash
# Guess before running: importing a library that runs networks on this machine touches no network; a conversion may.
# What happens, with openvino 2026.4.1 and openvino-telemetry 2025.2.0: `import openvino`, and nothing else, asks for
# www.google-analytics.com and writes a client's number into the home folder. No consent was asked for; an environment
# that says it is a CI job is left out, which is why a project's own tests do not see it. Where the package
# openvino_telemetry cannot be imported the same import is silent, and OpenVINO works as before.
# Here nothing is sent: what would be sent is written to a file in its place.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q openvino==2026.4.1 openvino-telemetry==2025.2.0 2>/dev/null

cat > "$work/ask.py" <<'PY'
import sys
import time
import urllib.request

silent, asked = sys.argv[1] == "without", sys.argv[2]


def instead(request, *args, **kwargs):
    with open(asked, "a", encoding="utf-8") as out:
        out.write(request.host + "\n")


urllib.request.urlopen = instead
if silent:
    sys.modules["openvino_telemetry"] = None
import openvino

time.sleep(5)  # the sender is a process of its own
assert "CPU" in openvino.Core().available_devices
PY

for how in with without; do
  mkdir "$work/$how"
  touch "$work/$how.txt"
  env -u CI -u TF_BUILD -u JENKINS_URL HOME="$work/$how" "$work/venv/bin/python" "$work/ask.py" "$how" "$work/$how.txt"
  echo "$how telemetry: asked for $(sort -u "$work/$how.txt" | tr '\n' ' ')wrote $(find "$work/$how" -type f -printf '%P ')"
done
grep -qx "www.google-analytics.com" "$work/with.txt"
test -f "$work/with/intel/openvino_ga_cid"
test ! -s "$work/without.txt"
test -z "$(find "$work/without" -type f)"
# Seen: with telemetry: asked for www.google-analytics.com, wrote intel/stats intel/openvino_ga_cid; without: neither
