#!/usr/bin/env bash
# Kills the service under load, repeatedly, and checks everything that it acknowledged: the long
# form of the test.
# usage: benches/kill.sh [KILLS]
set -euo pipefail
cd "$(dirname "$0")/.."
MODELGATE_KILLS=${1:-20} cargo test --locked --test it kill_nine_loses_nothing_acknowledged -- --nocapture
