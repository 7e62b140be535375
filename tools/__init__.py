"""The command-line tools: `xcs-opt` rewrites and prints IR, `xcs-run` runs it."""
